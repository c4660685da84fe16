"""Bytes of whole tables: our archive beside the best lossless formats, every value compared.

    python -m benchmarks.table DATASET... [--tolerance 0 0.01] [--columns] [--json FILE]
    python -m benchmarks.table --generated NAME... [--rows 100000]

Everything counts: all columns, our model, every container. Each peer stores the files one by one
and, where their columns are the same, all rows as one; the smaller counts. What it cannot hold, it
stores as the best Parquet. The choices of a peer cost it no time. The exit code is 1 if ours takes
more than the best peer, or if a value does not come back as promised.

`--generated` makes tables with planted structure, and compares what the planted columns add to our
archive with what they cost the best peer.
"""

from __future__ import annotations

import argparse
import logging
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console

from ae_pipeline.cli.console import render
from ae_pipeline.report.tables.records import dump_json
from benchmarks.measure.machine import machine_line
from benchmarks.tables.formats import FORMATS
from benchmarks.tables.generated import GENERATED
from benchmarks.tables.outcome import TableComparison, column_table, peer_table, summary_table
from benchmarks.tables.planted import PlantedComparison, compare_generated, planted_table
from benchmarks.tables.worker import compare_tables

_NAMES = tuple(peer.name for peer in FORMATS)


@dataclass(frozen=True)
class Run:
    """All comparisons of one run, and where they were made."""

    machine: str
    comparisons: tuple[TableComparison, ...]
    generated: tuple[PlantedComparison, ...] = ()


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("datasets", nargs="*", type=Path)
    parser.add_argument("--tolerance", nargs="+", type=float, default=[0.0])
    parser.add_argument("--peers", nargs="*", choices=_NAMES, default=_NAMES, metavar="PEER")
    parser.add_argument("--generated", nargs="*", choices=GENERATED, default=(), metavar="NAME")
    parser.add_argument("--rows", type=int, default=100_000, help="of generated tables")
    parser.add_argument("--seed", type=int, default=0, help="of generated tables")
    parser.add_argument("--columns", action="store_true", help="also bytes of each column")
    parser.add_argument("--json", type=Path, help="write all that was measured to this file")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.WARNING)
    sys.exit(not _compare(arguments, Console(width=80, highlight=False)))


def _compare(arguments: argparse.Namespace, console: Console) -> bool:
    """Compare and print one table after the other; return whether all are as good as wanted."""
    console.print(machine_line())
    found: list[TableComparison] = []
    planted: list[PlantedComparison] = []
    failures: list[str] = []
    for name in (*arguments.datasets, *arguments.generated):
        try:
            if isinstance(name, Path):
                found.append(compare_tables(name, arguments.tolerance, arguments.peers))
            else:
                peers = tuple(arguments.peers)
                planted.append(compare_generated(name, arguments.rows, arguments.seed, peers))
        except (FileNotFoundError, RuntimeError) as error:
            failures.append(f"{name}: {error}")
            continue
        latest = found[-1] if isinstance(name, Path) else planted[-1].whole
        render(peer_table(latest), console)
        if arguments.columns:
            render(column_table(latest), console)
        if not isinstance(name, Path):
            render(planted_table(planted[-1]), console)
        if arguments.json:
            run = Run(machine_line(), tuple(found), tuple(planted))
            arguments.json.write_text(dump_json(asdict(run)), encoding="utf-8")
    render(summary_table([*found, *(one.whole for one in planted)]), console)
    for failure in failures:
        console.print(f"error: {failure}", markup=False)
    verdicts = [*(one.is_met for one in found), *(one.is_met for one in planted)]
    return not failures and all(verdicts)


if __name__ == "__main__":
    main()
