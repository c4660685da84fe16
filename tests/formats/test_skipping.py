"""Blocks that bounds can skip: counted per column, and told by `inspect`."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa

from ae_pipeline.config.job import EncodeJob
from ae_pipeline.formats import count_skipping
from ae_pipeline.formats.column_bounds import ColumnBounds
from ae_pipeline.report.forms import as_json
from ae_pipeline.results.inspection import ColumnSkipping
from ae_pipeline.verbs import encode, inspect
from tests.support.data.datasets import write_tree


def test_blocks_are_counted() -> None:
    """Bounds as wide as those of all, narrower ones, sets of words, and none."""
    blocks = [
        {"n": ColumnBounds(0, 0, 9), "w": ColumnBounds(0, b"a", b"b", (b"a", b"b"))},
        {"n": ColumnBounds(0, 3, 5), "w": ColumnBounds(0, b"a", b"b", (b"a", b"b"))},
        {"n": ColumnBounds(0, 0, 9)},
    ]
    assert count_skipping(blocks) == (
        ColumnSkipping("n", 3, 3, 0, 1),
        ColumnSkipping("w", 3, 2, 2, 0),
    )
    assert count_skipping([]) == count_skipping([{}]) == ()


def test_bounds_of_other_kinds_are_no_wider() -> None:
    """A column that is null, or of another type, in some files is skipped there for its values."""
    blocks = [
        {"n": ColumnBounds(0, 0, 9)},
        {"n": ColumnBounds(4)},
        {"n": ColumnBounds(0, b"", b"x")},
    ]
    assert count_skipping(blocks) == (ColumnSkipping("n", 3, 3, 0, 3),)
    assert count_skipping(blocks[1:2]) == (ColumnSkipping("n", 1, 1, 0, 0),)


def test_inspect_tells_them(tmp_path: Path) -> None:
    """One line in words, every column in JSON."""
    generator = np.random.default_rng(0)
    tables = {
        f"part-{day}.parquet": pa.table(
            {
                "day": np.full(500, day),
                "zone": [f"zone {n}" for n in generator.integers(0, 4, 500)],
                "n": np.arange(500) * 7919 % 500,
            }
        )
        for day in range(3)
    }
    source = write_tree(tmp_path / "source", tables)
    archive = tmp_path / "archive"
    settings = {"source": str(source), "archive": str(archive), "columns": {"code": "all"}}
    encode(EncodeJob.model_validate(settings))
    found = inspect(str(archive))
    skipping = {one.name: one for one in found.skipping}
    assert skipping["day"] == ColumnSkipping("day", 3, 3, 0, 3)
    assert skipping["zone"] == ColumnSkipping("zone", 3, 3, 3, 0)
    assert found.facts["blocks"] == 3
    assert found.facts["blocks that bounds can skip"] == "at most 3, by bounds of day (3)"
    tree = json.loads(as_json(found))
    assert {one["name"] for one in tree["skipping"]} == {"day", "zone", "n"}
