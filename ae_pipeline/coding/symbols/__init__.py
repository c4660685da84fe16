"""Symbols of an entropy coder: how likely each is, and asymmetric numeral systems."""
