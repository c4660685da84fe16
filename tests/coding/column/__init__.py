"""Tests of single columns."""
