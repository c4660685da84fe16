"""Parquet files byte by byte: what Arrow does not read in them, and what it cannot write."""

from ae_pipeline.parquet.column_chunks import Chunk, column_bytes, find_chunks, leaf_sizes
from ae_pipeline.parquet.form import Change, Form, differing_columns, field_metadata, own_form
from ae_pipeline.parquet.invalid_values import check_keepable, check_structure
from ae_pipeline.parquet.pages import Claim, read_claim
from ae_pipeline.parquet.plain_size import column_sizes, plain_sizes
from ae_pipeline.parquet.writing import Write, block_writer, table_writer

__all__ = [
    "Change",
    "Chunk",
    "Claim",
    "Form",
    "Write",
    "block_writer",
    "check_keepable",
    "check_structure",
    "column_bytes",
    "column_sizes",
    "differing_columns",
    "field_metadata",
    "find_chunks",
    "leaf_sizes",
    "own_form",
    "plain_sizes",
    "read_claim",
    "table_writer",
]
