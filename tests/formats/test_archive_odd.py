"""Odd tables and tolerances through the whole of encode: statistics, planner, blocks, verify."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from ae_pipeline.config.job import DecodeJob, EncodeJob, VerifyJob
from ae_pipeline.errors import EmptySourceError
from ae_pipeline.verbs import decode, encode, verify
from tests.support.datasets import read_table, write_tree
from tests.support.tables import numbers_table

N_ROWS = 500
LEARN = ("never", "linear")


def odd_table(n_rows: int) -> pa.Table:
    """Columns that leave statistics little or nothing to go by, beside ordinary ones."""
    noise = np.random.default_rng(4)
    ones, walk = np.ones(n_rows), noise.normal(size=n_rows).cumsum()
    outlier, signs = ones.copy(), ones * 0.0
    outlier[n_rows // 2 : n_rows // 2 + 1] = 1e30
    signs[::2] = -0.0
    columns = {
        "walk": walk,
        "twice": 2 * walk + noise.normal(size=n_rows) * 0.01,
        "outlier": outlier,
        "flat": ones,
        "signs": signs,
        "extreme": np.where(np.arange(n_rows) % 2, 1.7e308, -1.7e308),
        "tiny": np.full(n_rows, 5e-324) * (np.arange(n_rows) % 3),
        "late": np.where(np.arange(n_rows) > n_rows - 3, walk, np.nan),
        "infinite": np.full(n_rows, np.inf),
    }
    nulls = {"empty": pa.nulls(n_rows, pa.float32()), "half": pa.nulls(n_rows, pa.float16())}
    return pa.table({**columns, **nulls})


def round_trip(folder: Path, tables: dict[str, pa.Table], **settings: object) -> None:
    """Encode, verify against the source, and decode to the same schema and rows."""
    source, archive = write_tree(folder / "source", tables), str(folder / "archive")
    assert encode(EncodeJob(source=str(source), archive=archive, **settings)).failures == ()
    assert verify(VerifyJob(archive=archive, source=str(source))).failures == ()
    report = decode(DecodeJob(archive=archive, decoded=str(folder / "out")))
    assert report.failures == ()
    for relative, table in tables.items():
        got = read_table(folder / "out" / relative)
        assert got.schema.equals(table.schema, check_metadata=True)
        assert len(got) == len(table)


def tolerance_of(kind: str, value: float) -> dict[str, object]:
    """Settings that give every column one tolerance."""
    rule = {"match": "*", "kind": kind, "value": value}
    return {"rules": [rule], "accept_flattened": True}


@pytest.mark.parametrize(
    ("learn", "kind", "value"),
    [
        *(("never", "absolute", value) for value in (1e-12, 1e12)),
        *((learn, "exact", 0.0) for learn in LEARN),
        *((learn, kind, 1e-3) for learn in LEARN for kind in ("range", "std")),
    ],
)
def test_odd_columns(tmp_path: Path, learn: str, kind: str, value: float) -> None:
    """Whatever a column is like and whatever is promised, encode keeps it."""
    tables = {"p.parquet": odd_table(N_ROWS)}
    round_trip(tmp_path, tables, tolerance=tolerance_of(kind, value), planner={"learn": learn})


@pytest.mark.parametrize("learn", LEARN)
@pytest.mark.parametrize("n_rows", [1, 2, 3])
def test_few_rows(tmp_path: Path, learn: str, n_rows: int) -> None:
    """A row or two are a source."""
    tables = {"p.parquet": odd_table(n_rows)}
    round_trip(tmp_path, tables, planner={"learn": learn})


@pytest.mark.parametrize("learn", LEARN)
def test_fragment_without_rows(tmp_path: Path, learn: str) -> None:
    """A file without rows stands beside others; a source of no rows at all is named."""
    table = numbers_table(60)
    tables = {"a.parquet": table.slice(0, 0), "b.parquet": table, "c.parquet": table.slice(0, 1)}
    round_trip(tmp_path, tables, planner={"learn": learn})
    source = write_tree(tmp_path / "none", {"a.parquet": table.slice(0, 0)})
    with pytest.raises(EmptySourceError, match="no rows"):
        encode(EncodeJob(source=str(source), archive=str(tmp_path / "no")))
