"""Bytes of columns as plain Parquet, whatever the columns are called."""

from __future__ import annotations

import pyarrow as pa

from ae_pipeline.parquet import plain_sizes


def test_two_leaves_of_one_path() -> None:
    """Items of a list `a` are not counted for a column that is named as their path is."""
    lists = pa.array([[n, n * n] for n in range(4000)])
    batch = pa.record_batch({"a": lists, "a.list.element": pa.array([1] * 4000)})
    sizes = plain_sizes([batch])
    assert sizes["a"] > 10 * sizes["a.list.element"] > 0
