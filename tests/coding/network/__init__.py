"""Tests of networks that are applied."""
