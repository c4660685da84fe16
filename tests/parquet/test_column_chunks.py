"""Sizes of columns, read from footers."""

from __future__ import annotations

import io
from collections import Counter
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ae_pipeline.parquet import column_bytes, leaf_sizes
from tests.support.datasets import mixed_table


def test_sizes_are_those_of_arrow(tmp_path: Path) -> None:
    """Bytes of every leaf, nested ones too, are what Arrow says of a file that is whole."""
    table = mixed_table(1).append_column("deep", pa.array([{"a": [1.5], "b": "x"}] * 300))
    pq.write_table(table, tmp_path / "p.parquet", row_group_size=70)
    metadata, expected = pq.read_metadata(tmp_path / "p.parquet"), Counter[str]()
    for group in range(metadata.num_row_groups):
        for number in range(metadata.num_columns):
            chunk = metadata.row_group(group).column(number)
            expected[chunk.path_in_schema] += chunk.total_compressed_size
    with (tmp_path / "p.parquet").open("rb") as file:
        leaves = leaf_sizes(file)
    assert leaves == expected
    assert column_bytes(leaves, "tags") == expected["tags.list.element"] > 0


@pytest.mark.parametrize("content", [b"", b"PAR1", b"PAR1\xff\xff\xff\x7fPAR1", b"\x49" * 50])
def test_no_footer(content: bytes) -> None:
    """A file without a footer is reported as damaged."""
    with pytest.raises(pa.ArrowInvalid, match="sizes of its columns"):
        leaf_sizes(io.BytesIO(content))
