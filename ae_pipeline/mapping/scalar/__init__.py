"""Mappings of numbers, times and truth values: one integer or few per value."""
