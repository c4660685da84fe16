"""Rows coded between known neighbours, half of them at a time, the farthest apart first.

Where numbers change slowly, the rows on both sides of a row tell more of it than those before it.
"""
