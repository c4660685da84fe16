"""Tokens, targets and labels of the rows of a block ↔ symbols, with numpy or compiled kernels.

Both give the same bytes and the same integers.
"""
