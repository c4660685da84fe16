"""Smooth series beside SZ3, the best peer on them."""
