"""Bytes of an archive beside those of its peers, on the same blocks, every promise checked.

    python -m benchmarks.ratio DATASET... [--tolerance 0.001 0.01 0.05] [--json FILE]

Only feature columns count: containers and kept columns are the same for all. Features are the
floats, or the integers of a dataset without floats. All pay alike for recording missing values, and
every learned method pays for its model. The exit code is 1 if ours misses a bar or breaks a
promise, or if a dataset cannot be measured.
"""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import groupby
from pathlib import Path

from rich.console import Console

from ae_pipeline.cli.console import render
from ae_pipeline.errors import AePipelineError
from ae_pipeline.report.inspection import candidate_table
from ae_pipeline.report.tables.records import dump_json
from ae_pipeline.report.tables.table import Cell, Table
from benchmarks.measure.comparison import compare_all
from benchmarks.measure.machine import machine_line
from benchmarks.measure.outcome import MOST_FIT_S, MOST_SURPRISE, Comparison, Entry

TOLERANCES = (0.001, 0.01, 0.05)
_MB = 1e6
#: The most columns in a table of tolerances.
_MOST_COLUMNS = 16


@dataclass(frozen=True)
class Run:
    """All comparisons of one run, and where they were made."""

    machine: str
    comparisons: tuple[Comparison, ...]


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("datasets", nargs="+")
    parser.add_argument("--tolerance", nargs="+", type=float, default=TOLERANCES)
    parser.add_argument("--json", type=Path, help="write all that was measured to this file")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.WARNING)
    console = Console(width=120, highlight=False)
    console.print(machine_line())
    found: list[Comparison] = []
    failures: list[AePipelineError] = []
    for dataset in arguments.datasets:
        try:
            for comparison in compare_all(dataset, arguments.tolerance):
                found.append(comparison)
                _show(found, console, arguments.json)
        except AePipelineError as error:
            failures.append(error)
    render(bar_table(found), console)
    for table in tolerance_tables(found):
        render(table, console)
    for failure in failures:
        console.print(f"error: {failure}", markup=False)
    sys.exit(bool(failures) or not all(one.is_met for one in found))


def _show(found: Sequence[Comparison], console: Console, path: Path | None) -> None:
    """Print the latest comparison, and write all to the file if one is asked for."""
    render(peer_table(found[-1]), console)
    render(candidate_table(found[-1].plan), console)
    if path:
        path.write_text(dump_json(asdict(Run(machine_line(), tuple(found)))), encoding="utf-8")


def peer_table(found: Comparison) -> Table:
    """Return a table of every peer at one tolerance."""
    kept = "verified" if found.is_verified else "NOT VERIFIED"
    stored = ("source, as stored", found.stored_bytes, found.raw_bytes / found.stored_bytes)
    return Table(
        title=f"{_name(found)}: {found.n_rows:,} rows in {found.n_fragments} files, "
        f"{found.raw_bytes / _MB:.2f} MB raw",
        headings=("stored by", "bytes", "ratio", "model", "encode MB/s", "decode MB/s", "error"),
        rows=(
            (*stored, None, None, None, 0.0),
            *(_row(entry, found) for entry in (*found.peers, found.baseline, found.ours)),
        ),
        note=f"Bytes: of the feature columns, with the model. Ratio: raw bytes over them. MB: raw, "
        f"per CPU-second. Error: the largest of all values, in tolerances. The source's files: "
        f"{found.file_bytes:,} bytes with kept columns. Ours: every value {kept}; fit and encode "
        f"{found.encode_s:.0f} s; {found.chosen}.",
    )


def _row(entry: Entry, found: Comparison) -> tuple[Cell, ...]:
    return (
        entry.name,
        entry.n_bytes,
        found.raw_bytes / entry.n_bytes,
        entry.model_bytes,
        entry.encode_mb_s,
        entry.decode_mb_s,
        entry.worst,
    )


def bar_table(found: Sequence[Comparison]) -> Table:
    """Return a table of every dataset and tolerance against its bar."""
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (
            _name(one),
            one.best.name,
            one.best.n_bytes,
            one.ours.n_bytes,
            one.relative,
            f"{1 / one.relative:.2f}x",
            f"{one.bar:.2f}",
            round(one.encode_s),
            f"{100 * one.surprise:+.1f} %",
            round(one.estimate_s),
            "met" if one.is_met else "MISSED",
        )
        for one in found
    )
    return Table(
        title="Ours against the best peer",
        headings=(
            "",
            "best",
            "its bytes",
            "ours",
            "ours/best",
            "smaller",
            "bar",
            "fit s",
            "forecast",
            "in s",
            "bar is",
        ),
        rows=rows,
        note="Bar: ours/best at most this, every value verified, fit and encode within "
        f"{MOST_FIT_S:.0f} s, and the forecast of `estimate` (all tolerances, in wall seconds) at "
        f"most {100 * MOST_SURPRISE:.0f} % off. The bar is 1.02 for sources below 5 MB raw or with "
        "files below 10,000 rows, else 1.00.",
    )


def tolerance_tables(found: Sequence[Comparison]) -> list[Table]:
    """Return one table of tolerances for each dataset."""
    by_name = groupby(found, lambda one: one.dataset)
    return [tolerance_table(list(group)) for _, group in by_name]


def tolerance_table(found: Sequence[Comparison]) -> Table:
    """Return a table of one dataset's tolerances in source units, for its first columns."""
    names = list(found[0].absolute)[:_MOST_COLUMNS]
    more = len(found[0].absolute) - len(names)
    return Table(
        title=f"{found[0].dataset}: tolerances in source units",
        headings=("column", *(f"{100 * one.tolerance:g} %" for one in found)),
        rows=tuple((name, *(f"{one.absolute[name]:.4g}" for one in found)) for name in names),
        note="Parts of maximum - minimum, so that every peer gets the same numbers; exact is 0."
        + (f" {more} more columns." if more else ""),
    )


def _name(found: Comparison) -> str:
    return f"{found.dataset}, {100 * found.tolerance:g} %"


if __name__ == "__main__":
    main()
