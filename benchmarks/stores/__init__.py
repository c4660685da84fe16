"""Measure what object stores cost."""
