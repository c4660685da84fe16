"""Datasets opened in place: rows by columns and conditions, without decoding what they exclude.

`OpenDataset` is a `pyarrow.dataset.Dataset`, so DuckDB and Polars push columns and conditions into
it by themselves. Neither is needed to read.
"""

from ae_pipeline.reading.opened import OpenDataset
from ae_pipeline.reading.opening import open_dataset as open
from ae_pipeline.reading.query import query

__all__ = ["OpenDataset", "open", "query"]
