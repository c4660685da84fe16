"""Columns as integers: every Arrow type maps to sub-columns of integers and back, bit for bit."""
