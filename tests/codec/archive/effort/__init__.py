"""Tests of how hard blocks are made small."""
