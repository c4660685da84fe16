"""Tests of the rows of blocks."""
