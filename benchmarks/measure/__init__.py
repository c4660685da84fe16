"""Measurement of costs, machine and test tables, and comparison of outcomes."""
