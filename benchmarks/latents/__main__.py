"""Latents of whole rows beside other methods': reconstruction, downstream scores, speed, bytes.

    python -m benchmarks.latents [--tables NAME...] [--dims 4 8 16] [--methods NAME...]
        [--data ../shared/data] [--rows 30000] [--set KEY=VALUE] [--peer-python PATH]

Every table is fitted on 70 % of its rows, without its target and what tells it. Scores are of the
others, by the same code for all methods. Peers and scores run by PATH, a Python with scikit-learn
and, for all peers, torch, dfencoder and pyod: scikit-learn stays out of our own environment, where
Keras would load it. A table or a method that is not there is told and skipped. `--set` is for ours,
as on the command line of `fit`. The exit code is 1 if a target is missed.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from rich.console import Console

from ae_pipeline.cli.console import render
from ae_pipeline.report.tables.records import dump_json
from benchmarks.latents.exchange import Score
from benchmarks.latents.outliers import dependent_numbers, with_outliers
from benchmarks.latents.pages import score_table_of
from benchmarks.latents.run import METHODS, Plan, measure_costs, run_module, score_table
from benchmarks.latents.tables import (
    TASKS,
    Rows,
    read_rows,
    resampled,
    seen_rows,
    vector_rows,
)
from benchmarks.latents.targets import OUTLIERS, Costs, Verdict, verdicts
from benchmarks.measure.machine import load_line, machine_line

_DIGITS = "digits"
_TABLES = (*TASKS, _DIGITS, OUTLIERS)
_NUMBERS_ROWS, _MIXED_ROWS = 1_000_000, 300_000


@dataclass(frozen=True)
class Run:
    """All that one run measured, and where."""

    machine: str
    scores: tuple[Score, ...]
    costs: Costs
    verdicts: tuple[Verdict, ...]


def main() -> None:
    """Command line."""
    given = _arguments()
    console = Console(width=140, highlight=False)
    console.print(machine_line())
    console.print(load_line())
    plan = Plan(tuple(given.methods), tuple(given.dims), tuple(given.set), given.peer_python)
    try:
        run_module(given.peer_python, "benchmarks.latents.scoring", ["--help"])
    except RuntimeError as error:
        sys.exit(f"error: {given.peer_python}: {error}; give --peer-python one with scikit-learn")
    scores: list[Score] = []
    for rows in _rows(given, console):
        try:
            own = score_table(rows, plan)
        except RuntimeError as error:
            console.print(f"{rows.name}: not scored: {error}")
            continue
        render(score_table_of(own, rows.metric), console)
        scores += own
    costs = Costs() if given.no_costs else _costs(given)
    found = verdicts(scores, costs)
    for one in found:
        console.print(str(one), soft_wrap=True)
    if given.json:
        run = Run(machine_line(), tuple(scores), costs, tuple(found))
        given.json.write_text(dump_json(asdict(run)), encoding="utf-8")
    sys.exit(any(one.is_met is False for one in found))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--tables", nargs="+", choices=_TABLES, default=_TABLES)
    parser.add_argument("--dims", nargs="+", type=int, default=(4, 8, 16))
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=METHODS)
    parser.add_argument("--rows", type=int, default=30_000, help="of each table, at most")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("--peer-python", default=sys.executable, metavar="PATH")
    parser.add_argument("--no-costs", action="store_true", help="neither speed nor bytes of ours")
    parser.add_argument("--json", type=Path, help="write all that was measured to this file")
    return parser.parse_args()


def _rows(given: argparse.Namespace, console: Console) -> Iterator[Rows]:
    """Yield the rows of each table; tell which are not there."""
    for name in given.tables:
        if name == OUTLIERS:
            yield seen_rows(name, with_outliers(given.rows // 2))
        elif name == _DIGITS:
            with tempfile.TemporaryDirectory() as folder:
                file = Path(folder) / "digits.npz"
                run_module(given.peer_python, "benchmarks.latents.peers.digits", [str(file)])
                yield vector_rows(name, file)
        elif (given.data / name).is_dir():
            yield read_rows(given.data / name, given.rows)
        else:
            console.print(f"{name}: skipped, there is no {given.data / name}")


def _costs(given: argparse.Namespace) -> Costs:
    """Measure ours on large tables of two kinds, and the bytes of one as it is."""
    found: dict[str, float] = {}
    failures: dict[str, str] = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, source, is_brief in _sources(given, Path(folder)):
            try:
                own = measure_costs(source, given.set, is_brief=is_brief)
            except RuntimeError as error:
                failures[name] = str(error)
                continue
            if name == "bytes":
                found |= {one: own[one] for one in ("source_bytes", "features_bytes")}
            else:
                found[name] = own["encode_rows"]
    return Costs(**found, failures=failures)


def _sources(given: argparse.Namespace, folder: Path) -> Iterator[tuple[str, Path, bool]]:
    """Yield what each source is measured for, the source, and whether it is fitted briefly."""
    yield "encode_numbers", _written(folder / "numbers", dependent_numbers(_NUMBERS_ROWS)), True
    census, air = given.data / "adult_census", given.data / "beijing_air"
    if census.is_dir():
        table = resampled(read_rows(census, _MIXED_ROWS), _MIXED_ROWS).table
        yield "encode_mixed", _written(folder / "mixed", table), True
    if air.is_dir():
        yield "bytes", air, False


def _written(folder: Path, table: pa.Table) -> Path:
    folder.mkdir()
    pq.write_table(table, folder / "part-0.parquet")
    return folder


if __name__ == "__main__":
    main()
