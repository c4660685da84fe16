"""What inspect says of the columns of a source."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from ae_pipeline.report.presenter import present
from ae_pipeline.verbs import inspect
from tests.support.data.datasets import write_tree


def source(folder: Path) -> Path:
    """Two partitions of a few columns."""
    tables = {
        f"year=201{part}/p.parquet": pa.table(
            {
                "fare": pa.array([1.5 + part, None, 4.5, 2.25]),
                "zone": pa.array([1, 2, 2, None], pa.int32()),
                "note": ["a", "b", "a very long note", None],
                "tags": pa.array([[1], [], None, [2, 3]], pa.list_(pa.int8())),
                "raw": pa.array([b"x", b"y", None, b"x"]),
            }
        )
        for part in range(2)
    }
    return write_tree(folder / "source", tables)


def test_measures(tmp_path: Path) -> None:
    """Each column has its share of nulls, its distinct values, its range and its bytes."""
    path = source(tmp_path)
    found = {column.name: column.source for column in inspect(str(path)).columns}
    assert None not in found.values()
    shown = {
        name: (one.null_share, one.n_distinct, one.low, one.high)
        for name, one in found.items()
        if one is not None
    }
    assert shown == {
        "fare": (0.25, 4, "1.5", "4.5"),
        "zone": (0.25, 2, "1", "2"),
        "note": (0.25, 3, "a", "b"),
        "tags": (0.25, None, "", ""),
        "raw": (0.25, 2, "", ""),
    }
    chunks = [pq.read_metadata(file).row_group(0) for file in path.rglob("*.parquet")]
    for number, one in enumerate(found.values()):
        assert one is not None
        assert one.size_bytes == sum(group.column(number).total_compressed_size for group in chunks)


def test_what_encode_would_do(tmp_path: Path) -> None:
    """Floats have the promise of the default tolerance, all else is exact."""
    noise = np.random.default_rng(0).uniform(0, 100, 400)
    table = pa.table({"fare": noise, "zone": np.arange(400)})
    path = write_tree(tmp_path / "s", {"p.parquet": table})
    told = {one.name: one.source.encoding for one in inspect(str(path)).columns if one.source}
    assert told["fare"].startswith("within 0.9")
    assert told["zone"] == "exact"


def test_headline_and_keys(tmp_path: Path) -> None:
    """The size of the source stands first, and its partition keys among the facts."""
    found = inspect(str(source(tmp_path)))
    assert found.facts["partition keys"] == "year 2010 to 2011"
    assert "8 rows of 5 columns in 2 files" in present(found).headline()


def test_rows_that_cannot_be_read(tmp_path: Path) -> None:
    """Where pages are damaged, the bytes are told all the same."""
    path = write_tree(tmp_path / "s", {"p.parquet": pa.table({"k": ["some text"] * 500})})
    content = bytearray((path / "p.parquet").read_bytes())
    content[4:40] = bytes(36)
    (path / "p.parquet").write_bytes(content)
    (column,) = inspect(str(path)).columns
    assert column.source is not None
    assert column.source.size_bytes > 0
    assert column.source.n_sampled == 0
