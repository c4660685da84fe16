"""Tests of rows between known neighbours."""
