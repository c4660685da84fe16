"""Tests of vectors as users see them."""
