"""Distance to the theoretical bound on synthetic sources, for ours and its peers.

    python -m benchmarks.limit [--json FILE]

`benchmarks.limit.known_sources` derives the bounds.
"""

from __future__ import annotations

import argparse
import logging
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from rich.console import Console

from ae_pipeline.cli.console import render
from ae_pipeline.report.tables.records import dump_json
from ae_pipeline.report.tables.table import Table
from benchmarks.limit.known_sources import N_COLUMNS, KnownSource, factors, manifold, neighbours
from benchmarks.measure.comparison import compare_all
from benchmarks.measure.machine import machine_line
from benchmarks.measure.outcome import Comparison

#: Source, tolerance, and how many times smaller than the best peer we want to be on a manifold.
_CASES: tuple[tuple[Callable[[], KnownSource], float, float | None], ...] = (
    (neighbours, 0.01, None),
    (factors, 0.01, None),
    (manifold, 0.01, 2.0),
    (manifold, 0.05, 3.0),
)
#: Our distance to a Gaussian bound over that of the best peer.
_MOST_DISTANCE = 0.5


@dataclass(frozen=True)
class Limit:
    """One source at one tolerance.

    Args:
        found: bytes of our codec and its peers.
        bound_bits: bits per value at the bound.
        times: how many times smaller than the best peer we want to be, or None if the distance
            to the bound is what counts.
    """

    found: Comparison
    bound_bits: float
    times: float | None

    def bits(self, n_bytes: int) -> float:
        """Return bits per value."""
        return 8 * n_bytes / self.found.n_values

    @property
    def reached(self) -> float:
        """The measure that the target bounds."""
        best, ours = self.bits(self.found.best.n_bytes), self.bits(self.found.ours.n_bytes)
        if self.times is not None:
            return best / ours
        return (ours - self.bound_bits) / (best - self.bound_bits)

    @property
    def is_met(self) -> bool:
        """Whether the target is reached and every promise kept."""
        is_kept = self.found.is_verified and self.found.ours.worst <= 1.0
        if self.times is not None:
            return is_kept and self.reached >= self.times
        return is_kept and self.reached <= _MOST_DISTANCE


@dataclass(frozen=True)
class Run:
    """All limits of one run, and where they were measured."""

    machine: str
    limits: tuple[Limit, ...]


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path, help="write all that was measured to this file")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.WARNING)
    console = Console(width=120, highlight=False)
    console.print(machine_line())
    found: list[Limit] = []
    for limit in measure_limits():
        found.append(limit)
        render(limit_table(limit), console)
    if arguments.json:
        arguments.json.write_text(
            dump_json(asdict(Run(machine_line(), tuple(found)))), encoding="utf-8"
        )
    sys.exit(not all(limit.is_met for limit in found))


def measure_limits() -> Iterator[Limit]:
    """Measure all sources at their tolerances, one after the other."""
    for case in _CASES:
        yield _measure(*case)


def _measure(make: Callable[[], KnownSource], tolerance: float, times: float | None) -> Limit:
    source = make()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / source.name
        path.mkdir()
        write_rows(source.rows, path / "part-0.parquet")
        (found,) = compare_all(str(path), [tolerance])
    bound = source.bound(tolerance * np.ptp(source.rows, axis=0))
    return Limit(found, bound / N_COLUMNS, times)


def write_rows(rows: np.ndarray, path: Path) -> None:
    """Write a Parquet file of float64 columns."""
    names = [f"c{index:03d}" for index in range(rows.shape[1])]
    pq.write_table(pa.table(dict(zip(names, rows.T, strict=True))), path)


def limit_table(limit: Limit) -> Table:
    """Return a table of bits per value, ours last."""
    found, bound = limit.found, limit.bound_bits
    bits = [(one.name, limit.bits(one.n_bytes)) for one in (*found.peers, found.ours)]
    kind = "bound" if limit.times is None else "bound (approximate)"
    return Table(
        title=f"{found.dataset}, {100 * found.tolerance:g} %: {found.n_rows:,} rows x {N_COLUMNS}",
        headings=("stored by", "bits per value", "above the bound"),
        rows=((kind, bound, 0.0), *((name, value, value - bound) for name, value in bits)),
        note=f"{_verdict(limit)}. Ours: {found.chosen}, {found.encode_s:.0f} s.",
    )


def _verdict(limit: Limit) -> str:
    if limit.times is not None:
        claim = f"{limit.reached:.2f} times smaller than the best peer, wanted {limit.times:g}"
    else:
        claim = (
            f"distance to the bound {limit.reached:.2f} of the best peer's, "
            f"wanted at most {_MOST_DISTANCE:g}"
        )
    return f"{claim}: {'met' if limit.is_met else 'MISSED'}"
