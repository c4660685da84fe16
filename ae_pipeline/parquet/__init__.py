"""Parquet files byte by byte: what Arrow does not read of them, and what it cannot write."""

from ae_pipeline.parquet.form import Change, Form, differing_columns, field_metadata, own_form
from ae_pipeline.parquet.leaf_sizes import column_bytes, leaf_bytes, read_leaves
from ae_pipeline.parquet.pages import Claim, find_chunks, read_claim
from ae_pipeline.parquet.stored_values import check_keepable, check_structure
from ae_pipeline.parquet.writing import Write, block_writer, table_writer

__all__ = [
    "Change",
    "Claim",
    "Form",
    "Write",
    "block_writer",
    "check_keepable",
    "check_structure",
    "column_bytes",
    "differing_columns",
    "field_metadata",
    "find_chunks",
    "leaf_bytes",
    "own_form",
    "read_claim",
    "read_leaves",
    "table_writer",
]
