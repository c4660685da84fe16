"""Tests of the benchmark of smooth series."""
