"""Measure a query in place: one column of one partition, against decoding first.

    python -m benchmarks.reading.query [--partitions 100] [--rows 20000] [--columns 50]

Encodes a table of dependent floats, integers and words in partitions of one file each, exactly.
Then asks for the average of one column in one partition: in place, and by decoding the archive and
asking DuckDB. The bytes of blocks that are read and decoded are counted, for each column in turn.
The exit code is 1 if the median column decodes more than 1 % of the blocks' bytes, or is answered
less than 20 times as fast.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any  # a module that is patched

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from rich.console import Console

import ae_pipeline
from ae_pipeline import DecodeJob, EncodeJob
from ae_pipeline.cli.console import render
from ae_pipeline.codec.archive.decoding import FeatureDecoding, TableDecoding
from ae_pipeline.formats import row_groups
from ae_pipeline.report.tables.table import Table
from benchmarks.measure.machine import load_line, machine_line

#: The module whose function reads blocks, to count them.
_GROUPS: Any = row_groups
_MOST_SHARE, _LEAST_TIMES = 0.01, 20.0


def main() -> None:
    """Measure, print, and exit with 1 if a promise is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--partitions", type=int, default=100)
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--columns", type=int, default=50)
    parser.add_argument("--workdir", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=given.workdir) as folder:
        root = Path(folder)
        make_source(root / "source", given.partitions, given.rows, given.columns)
        job = {"source": str(root / "source"), "archive": str(root / "archive")}
        exact = {"tolerance": {"relative": 0.0}, "columns": {"code": "all"}}
        ae_pipeline.encode(EncodeJob(**job, **exact, planner={"learn": "never"}))
        shares, times = measure(root, given.partitions // 2)
    console = Console()
    console.print(machine_line())
    console.print(load_line())
    share, faster = median(shares), median(times)
    rows = (
        ("share of the blocks' bytes decoded, %", 100 * share, 100 * max(shares)),
        ("times as fast as decoding first", faster, min(times)),
    )
    render(Table("One column of one partition", ("", "median column", "worst"), rows), console)
    is_met = share <= _MOST_SHARE and faster >= _LEAST_TIMES
    console.print("At most 1 %, at least 20 times: " + ("met" if is_met else "MISSED"))
    sys.exit(not is_met)


def measure(root: Path, part: int) -> tuple[list[float], list[float]]:
    """Return, for each column, the share of bytes decoded, and how many times as fast it is."""
    archive = str(root / "archive")
    started = time.perf_counter()
    ae_pipeline.decode(DecodeJob(archive=archive, decoded=str(root / "decoded")))
    decoding_s = time.perf_counter() - started
    shares, times = [], []
    names = pq.read_schema(next((root / "source").rglob("*.parquet"))).names
    with counted() as whole:
        for _ in ae_pipeline.open(archive).to_batches():
            pass
    for name in names:
        query = f"select count({name}), min({name}) from t where part = {part}"  # noqa: S608, ours
        started = time.perf_counter()
        with counted() as count:
            found = ae_pipeline.open(archive).sql(query)
        query_s = time.perf_counter() - started
        started = time.perf_counter()
        files = f"{root}/decoded/*/*.parquet"
        table = f"read_parquet('{files}', hive_partitioning=true)"
        expected = duckdb.sql(query.replace("from t ", f"from {table} ")).fetchall()
        after_s = time.perf_counter() - started
        if [tuple(row.values()) for row in found.to_pylist()] != expected:
            raise AssertionError(f"{name}: another answer than that of the decoded table")
        shares.append(count["decoded"] / whole["read"])
        times.append((decoding_s + after_s) / query_s)
    return shares, times


@contextmanager
def counted() -> Iterator[dict[str, int]]:
    """Count bytes of blocks that are read, and of streams that are decoded."""
    count = {"read": 0, "decoded": 0}
    own = FeatureDecoding.decode, TableDecoding._read, _GROUPS.block_of

    def decode(self, number, *more, **named):  # type: ignore[no-untyped-def]  # as the original
        streams = self.block.columns[number]
        count["decoded"] += sum(
            len(one) for one in vars(streams).values() if isinstance(one, bytes)
        )
        return own[0](self, number, *more, **named)

    def read(self, name, content):  # type: ignore[no-untyped-def]
        count["decoded"] += len(content)
        return own[1](self, name, content)

    def block_of(records, **named):  # type: ignore[no-untyped-def]
        found = own[2](records, **named)
        count["read"] += len(found or b"")
        return found

    FeatureDecoding.decode, TableDecoding._read = decode, read  # type: ignore[method-assign]
    _GROUPS.block_of = block_of
    try:
        yield count
    finally:
        FeatureDecoding.decode, TableDecoding._read = own[:2]  # type: ignore[method-assign]
        _GROUPS.block_of = own[2]


def make_source(root: Path, n_parts: int, n_rows: int, n_columns: int) -> None:
    """Write a file for each partition: floats that depend on three hidden ones, integers, words."""
    generator = np.random.default_rng(0)
    n_floats = n_columns * 3 // 5
    n_whole = (n_columns - n_floats) // 2
    mixing = generator.normal(size=(3, n_floats))
    words = np.array([f"word {number}" for number in range(200)])
    for part in range(n_parts):
        hidden = np.cumsum(generator.normal(size=(n_rows, 3)), axis=0)
        floats = np.round(hidden @ mixing + generator.normal(0, 0.1, (n_rows, n_floats)), 2)
        columns: dict[str, np.ndarray] = {
            f"f{number}": floats[:, number] for number in range(n_floats)
        }
        columns |= {f"i{one}": generator.integers(0, 10 + one, n_rows) for one in range(n_whole)}
        left = n_columns - len(columns)
        columns |= {
            f"w{one}": generator.choice(words[: 10 + 10 * one], n_rows) for one in range(left)
        }
        folder = root / f"part={part}"
        folder.mkdir(parents=True)
        pq.write_table(pa.table(columns), folder / "part-0.parquet")


if __name__ == "__main__":
    main()
