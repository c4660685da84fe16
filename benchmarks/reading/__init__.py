"""Measure what reading in place saves."""
