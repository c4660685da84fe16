"""Rows of a block: feature columns as lanes, of which vectors have many."""

from ae_pipeline.codec.archive.rows.rows import BlockRows, Ways, read_rows
from ae_pipeline.codec.archive.rows.vectors import join_vectors

__all__ = ["BlockRows", "Ways", "join_vectors", "read_rows"]
