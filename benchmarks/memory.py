"""Peak memory of fit, encode, verify and decode over the size of one file.

    python -m benchmarks.memory [--gigabytes 0.25 0.5 1] [--workers 1] [--workdir DIR]

Each verb in a process of its own, on tables of full-precision floats, whose Parquet files are as
large as their numbers. A codec is fitted to each file; all are encoded with that of the first, as
codecs differ in what they need: tables that take more than a tenth of a CPU-second load Numba, some
60 MB whatever the size. The exit code is 1 if a verb's peak on any file is more than 15 % above
that on the first.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.console import Console

from ae_pipeline.cli.console import render
from ae_pipeline.report.tables.table import Table
from benchmarks.measure.child import Cost, run_verb
from benchmarks.measure.machine import machine_line
from benchmarks.measure.synthetic import make_table

_COLUMNS, _FLOAT_BYTES = 32, 8
_ROW_GROUP_ROWS = 1 << 20  # pyarrow's own: the hard case
_MB, _GB = 1e6, 1e9
_MOST_GROWTH = 0.15
_FIT = ("--for", "archive", "--set", "tolerance.relative=0.01", "--set", "planner.learn=never")


def main() -> int:
    """Command line; return 1 if memory grows with the file."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--gigabytes", type=float, nargs="+", default=[0.25, 0.5, 1.0])
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--workdir", type=Path, help="an existing folder for tables and archives")
    arguments = parser.parse_args()
    costs: dict[float, dict[str, Cost]] = {}
    with tempfile.TemporaryDirectory(prefix="ae-memory-", dir=arguments.workdir) as folder:
        for size in arguments.gigabytes:
            costs[size] = measure(Path(folder), round(size * _GB), arguments.workers)
    table = memory_table(costs)
    console = Console()
    console.print(machine_line())
    render(table, console)
    return int("MISSED" in table.note)


def measure(folder: Path, n_bytes: int, workers: int) -> dict[str, Cost]:
    """Return the cost of each verb on a file of `n_bytes`; only the first codec is kept."""
    n_rows = n_bytes // (_COLUMNS * _FLOAT_BYTES)
    source = make_table(folder, n_rows, _COLUMNS, _ROW_GROUP_ROWS)
    archive, decoded, log = folder / "archive", folder / "decoded", folder / "log.txt"
    first, own = folder / "codec", folder / "own"
    fit = run_verb(["fit", str(source), "--codec", str(own), *_FIT], log)
    if not first.exists():
        own.rename(first)
    on = ("--workers", str(workers))
    encode = ["encode", str(source), str(archive), "--codec", str(first), "--effort", "fast"]
    costs = {
        "fit": fit,
        "encode": run_verb([*encode, *on], log),
        "verify": run_verb(["verify", str(archive), "--source", str(source), *on], log),
        "decode": run_verb(["decode", str(archive), str(decoded), *on], log),
    }
    for made in (source, archive, decoded, own):
        shutil.rmtree(made, ignore_errors=made == own)
    return costs


def memory_table(costs: Mapping[float, Mapping[str, Cost]]) -> Table:
    """Return a table of peaks in MB and CPU-seconds, one line for each size in GB.

    Its note says for each verb by how much the largest peak is above that of the smallest file.
    """
    verbs = list(next(iter(costs.values())))
    units = [(verb, unit) for verb in verbs for unit in ("peak MB", "CPU s")]
    return Table(
        title=f"Peak memory on one file of {_COLUMNS} float64 columns",
        headings=("GB", *(f"{verb} {unit}" for verb, unit in units)),
        rows=tuple(
            (
                f"{size:g}",
                *(
                    cell
                    for verb in verbs
                    for cell in (round(cost[verb].peak_bytes / _MB), round(cost[verb].cpu_s, 1))
                ),
            )
            for size, cost in costs.items()
        ),
        note="; ".join(_verdict(verb, [cost[verb] for cost in costs.values()]) for verb in verbs),
    )


def _verdict(verb: str, costs: Sequence[Cost]) -> str:
    """Tell how much memory grows from the first file, the smallest, on."""
    growth = max(cost.peak_bytes for cost in costs) / costs[0].peak_bytes - 1
    word = "met" if growth <= _MOST_GROWTH else "MISSED"
    return f"{verb} {100 * growth:+.0f} %, at most {100 * _MOST_GROWTH:.0f} %: {word}"


if __name__ == "__main__":
    raise SystemExit(main())
