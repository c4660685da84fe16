"""Bytes of smooth series beside SZ3's, column by column, every promise checked.

    python -m benchmarks.smooth [--rows 300000] [--tolerance 0.001 0.01 0.05] [--json FILE]

Tables are those of `benchmarks.tables.series`. The archive has no network. Tolerances are parts of
maximum - minimum; SZ3 gets the same numbers and stores each column of a block by the best of its
predictors. Ours counts the streams of the column; model, directory and containers are in the last
rows. The exit code is 1 if a column takes more bytes than SZ3's or a promise is broken.
"""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console

from ae_pipeline.cli.console import render
from ae_pipeline.report.tables.records import dump_json
from ae_pipeline.report.tables.table import Table
from benchmarks.measure.machine import machine_line
from benchmarks.smooth.measure import TABLES, Outcome, measure_table

TOLERANCES = (0.001, 0.01, 0.05)


@dataclass(frozen=True)
class Run:
    """All outcomes of one run, and where they were measured."""

    machine: str
    outcomes: tuple[Outcome, ...]


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=300_000)
    parser.add_argument("--tolerance", nargs="+", type=float, default=TOLERANCES)
    parser.add_argument("--table", nargs="+", choices=tuple(TABLES), default=tuple(TABLES))
    parser.add_argument("--json", type=Path, help="write all that was measured to this file")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.WARNING)
    console = Console(width=140, highlight=False)
    console.print(machine_line())
    found: list[Outcome] = []
    for name in arguments.table:
        own = list(measure_table(name, arguments.rows, arguments.tolerance))
        render(series_table(own), console)
        found += own
    if arguments.json:
        run = Run(machine_line(), tuple(found))
        arguments.json.write_text(dump_json(asdict(run)), encoding="utf-8")
    sys.exit(not all(one.is_met for one in found))


def series_table(found: Sequence[Outcome]) -> Table:
    """Return a table of all columns of one table, four columns per tolerance."""
    headings = (heading for one in found for heading in (_percent(one), "SZ3", "ratio", "way"))
    rows = [
        (name, *(cell for one in found for cell in _cells(one, name))) for name in found[0].ours
    ]
    rows.append(("all", *(cell for one in found for cell in _total(one))))
    return Table(
        title=f"{found[0].name}: bytes beside SZ3's",
        headings=("", *headings),
        rows=tuple(rows),
        note="; ".join(map(_note, found)) + f". {_verdict(found)}.",
    )


def _percent(found: Outcome) -> str:
    return f"{100 * found.tolerance:g} %"


def _note(found: Outcome) -> str:
    return (
        f"At {_percent(found)} {found.whole_bytes:,} bytes with model and directory, "
        f"forecast {100 * (found.forecast / found.whole_bytes - 1):+.1f} %, "
        f"encode {found.encode_mb_s:.0f} and decode {found.decode_mb_s:.0f} MB per CPU-second, "
        f"worst error {found.worst:.6f} tolerances"
    )


def _verdict(found: Sequence[Outcome]) -> str:
    return "Met" if all(one.is_met for one in found) else "MISSED"


def _cells(found: Outcome, name: str) -> tuple[int, int, str, str]:
    ours, peer = found.ours[name], found.sz3[name]
    return ours, peer, f"{ours / peer:.2f}", found.ways[name]


def _total(found: Outcome) -> tuple[int, int, str, str]:
    ours, peer = sum(found.ours.values()), sum(found.sz3.values())
    return ours, peer, f"{ours / peer:.2f}", ""


if __name__ == "__main__":
    main()
