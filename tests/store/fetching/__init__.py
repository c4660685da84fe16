"""Tests of what is fetched of objects."""
