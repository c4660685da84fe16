"""Wall time of an encode by two processes beside one, and by two threads.

    python -m benchmarks.engines.processes [--files 40] [--megabytes 15] [--repeats 3]

Whole commands with the starts of their processes, in turns, so that all meet the same machine. Two
processes need two cores that nobody else uses: the load average beside the result says whether
they had them. The exit code is 1 if two processes are less than 1.7 times as fast as one.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from rich.console import Console

from ae_pipeline.cli.console import render
from ae_pipeline.report.tables.table import Table
from benchmarks.measure.child import Cost, run_verb, typical
from benchmarks.measure.machine import load_line, machine_line
from benchmarks.measure.many_files import ManyFiles, make_files

_LEAST_SPEED_UP = 1.7
_WAYS = {
    "one process": ("processes", "1"),
    "two processes": ("processes", "2"),
    "two threads": ("threads", "2"),
}


def main() -> int:
    """Command line; return 1 if a second process brings too little."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--files", type=int, default=40)
    parser.add_argument("--megabytes", type=float, default=15.0)
    parser.add_argument("--effort", default="small")
    parser.add_argument("--repeats", type=int, default=3)
    arguments = parser.parse_args()
    console = Console()
    console.print(machine_line())
    with tempfile.TemporaryDirectory(prefix="ae-processes-") as name:
        files = make_files(Path(name), arguments.files, arguments.megabytes)
        console.print(f"before: {load_line()}")
        costs = measure(files, Path(name), arguments.effort, arguments.repeats)
    console.print(f"after: {load_line()}")
    table = processes_table(costs, files)
    render(table, console)
    return int("MISSED" in table.note)


def measure(files: ManyFiles, folder: Path, effort: str, repeats: int) -> dict[str, Cost]:
    """Return the typical cost of each way, run in turns; the archives are removed."""
    found: dict[str, list[Cost]] = {way: [] for way in _WAYS}
    archive = folder / "archive"
    words = ["encode", str(files.source), str(archive), "--codec", str(files.codec)]
    for _ in range(repeats):
        for way, (engine, workers) in _WAYS.items():
            options = ["--workers", workers, "--set", f"execution.engine={engine}"]
            found[way].append(run_verb([*words, "--effort", effort, *options], folder / "log.txt"))
            shutil.rmtree(archive)
    return {way: typical(costs) for way, costs in found.items()}


def processes_table(costs: Mapping[str, Cost], files: ManyFiles) -> Table:
    """Return a table of medians, with the verdict as its note."""
    one = next(iter(costs.values()))
    speed_ups = {way: one.wall_s / cost.wall_s for way, cost in costs.items()}
    reached = speed_ups["two processes"]
    word = "met" if reached >= _LEAST_SPEED_UP else "MISSED"
    return Table(
        title=f"Encode of {files.n_files} files, {files.raw_mb:,.0f} MB",
        headings=("by", "wall s", "CPU s", "times as fast", "times the CPU"),
        rows=tuple(
            (
                way,
                round(cost.wall_s, 1),
                round(cost.cpu_s, 1),
                round(speed_ups[way], 2),
                round(cost.cpu_s / one.cpu_s, 2),
            )
            for way, cost in costs.items()
        ),
        note=f"Two processes over one: {reached:.2f}, at least {_LEAST_SPEED_UP}: {word}",
    )


if __name__ == "__main__":
    raise SystemExit(main())
