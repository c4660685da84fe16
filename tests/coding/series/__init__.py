"""Tests of vector columns in blocks."""
