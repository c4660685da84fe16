"""Tests of finding fragments that repeat each other."""
