"""Tests of references: rows that a codec keeps for blocks to follow."""
