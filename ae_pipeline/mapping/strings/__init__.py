"""Strings and binary values as integers: by their words, by their shape, or kept as texts."""
