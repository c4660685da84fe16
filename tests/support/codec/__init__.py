"""Codecs whose numbers are set by hand or drawn."""
