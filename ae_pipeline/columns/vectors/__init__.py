"""Columns of vectors: their lanes, and the cells that keep their direction."""
