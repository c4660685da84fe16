"""The cost of planted structure: how much a planted column adds to an archive.

An archive may code either of two columns by the other, so no account of single columns tells what
the structure costs. The difference of two archives does: one with the column, one without it.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from ae_pipeline.report.tables.table import Cell, Table
from benchmarks.tables.generated import GENERATED, GeneratedTable
from benchmarks.tables.outcome import TableComparison
from benchmarks.tables.worker import archive_in_child, compare_tables

#: The most that structure may cost, of what the column costs the best peer.
_MOST = 0.01


@dataclass(frozen=True)
class PlantedCost:
    """Bytes of one planted column.

    Args:
        column: its name.
        added_bytes: what it adds to our archive.
        worth_bytes: what it is worth, given all other columns.
        peer_bytes: what it costs the best peer.
    """

    column: str
    added_bytes: int
    worth_bytes: int
    peer_bytes: int

    @property
    def share(self) -> float:
        """Cost of the structure as a part of what the column costs the best peer."""
        return (self.added_bytes - self.worth_bytes) / self.peer_bytes

    @property
    def is_met(self) -> bool:
        """Whether the structure costs next to nothing."""
        return self.share <= _MOST


@dataclass(frozen=True)
class PlantedComparison:
    """A generated table beside its peers, and its planted columns."""

    whole: TableComparison
    planted: tuple[PlantedCost, ...]

    @property
    def is_met(self) -> bool:
        """Whether the table and every planted column are as small as wanted."""
        return self.whole.is_met and all(one.is_met for one in self.planted)


def compare_generated(
    name: str, n_rows: int, seed: int, peers: tuple[str, ...]
) -> PlantedComparison:
    """Make a table, measure it, and measure it again without each planted column."""
    made = GENERATED[name](np.random.default_rng(seed), n_rows)
    with tempfile.TemporaryDirectory() as folder:
        root = _write(made.table, Path(folder) / name)
        whole = compare_tables(root, [0.0], peers)
        return PlantedComparison(whole, tuple(_costs(made, whole, Path(folder))))


def _costs(made: GeneratedTable, whole: TableComparison, folder: Path) -> Iterator[PlantedCost]:
    for column, bits in made.planted.items():
        root = _write(made.table.drop_columns([column]), folder / f"without {column}")
        without = archive_in_child(root, 0.0)
        if whole.archives[0].failure or without.failure:
            return  # the tables of results say why
        added = whole.archives[0].n_bytes - without.n_bytes
        sizes = (peer.columns[column] for peer in whole.peers if peer.columns)
        yield PlantedCost(column, added, round(bits / 8), min(sizes))


def _write(table: pa.Table, root: Path) -> Path:
    root.mkdir()
    pq.write_table(table, root / "part-0.parquet", compression="zstd")
    return root


def planted_table(found: PlantedComparison) -> Table:
    """Return a table of the planted columns."""
    return Table(
        title=f"{found.whole.dataset}: planted columns",
        headings=("column", "adds", "is worth", "best peer", "structure costs", "wanted"),
        rows=tuple(map(_row, found.planted)),
        note="Adds: bytes of our archive with the column, less those without it. Is worth: its "
        "random bits, given all others. Structure: their difference, of the best peer's bytes for "
        f"the column; at most {100 * _MOST:g} %.",
    )


def _row(one: PlantedCost) -> tuple[Cell, ...]:
    verdict = "met" if one.is_met else "MISSED"
    return (
        one.column,
        one.added_bytes,
        one.worth_bytes,
        one.peer_bytes,
        f"{100 * one.share:.2f} %",
        verdict,
    )
