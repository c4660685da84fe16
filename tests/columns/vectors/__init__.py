"""Tests of columns of vectors."""
