"""Megabytes of files for each CPU-second of encode at each effort, verify and decode.

    python -m benchmarks.cluster.rates [DATASET] [--tolerance 0.01] [--files 12] [--repeats 3]

Of a dataset's own files, or of files that are made, whose floats Parquet cannot compress. Whole
commands with a codec that is fitted before, in turns; medians, less the start of a process. Prints
what `benchmarks.cluster.measured` holds.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import get_args

from rich.console import Console

from ae_pipeline.cli.console import render
from ae_pipeline.config.effort import Effort
from ae_pipeline.report.tables.table import Table
from benchmarks.measure.child import run_verb
from benchmarks.measure.machine import load_line, machine_line
from benchmarks.measure.many_files import fit_codec, make_files

_MB = 1e6
_FILE_MB = 15.0
_EFFORTS: tuple[Effort, ...] = get_args(Effort)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("dataset", type=Path, nargs="?")
    parser.add_argument("--tolerance", type=float, default=0.01)
    parser.add_argument("--files", type=int, default=12, help="that are made")
    parser.add_argument("--megabytes", type=float, default=_FILE_MB, help="of each")
    parser.add_argument("--repeats", type=int, default=3)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="ae-rates-") as name:
        folder, source, codec = Path(name), arguments.dataset, Path(name) / "codec"
        if source is None:
            source = make_files(folder, arguments.files, arguments.megabytes).source
            shutil.rmtree(codec)
        fit_codec(source, codec, arguments.tolerance)
        runs = [measure(source, codec, folder) for _ in range(arguments.repeats)]
        table = rates_table(runs, source)
    console = Console(width=100)
    console.print(machine_line())
    console.print(load_line())
    render(table, console)


def measure(source: Path, codec: Path, folder: Path) -> dict[str, float]:
    """Return CPU-seconds of a start, of each verb, and, as `EFFORT bytes`, those that are left."""
    log, archive, decoded = folder / "log.txt", folder / "archive", folder / "decoded"
    found = {"start": run_verb(["--help"], log).cpu_s}
    on = ("--workers", "1")
    for effort in _EFFORTS:
        shutil.rmtree(archive, ignore_errors=True)
        words = ["encode", str(source), str(archive), "--codec", str(codec), "--effort", effort]
        found[f"encode, {effort}"] = run_verb([*words, *on], log).cpu_s
        found[f"{effort} bytes"] = parquet_bytes(archive)
    verify = ["verify", str(archive), "--source", str(source)]
    found["verify"] = run_verb([*verify, *on], log).cpu_s
    found["decode"] = run_verb(["decode", str(archive), str(decoded), *on], log).cpu_s
    shutil.rmtree(archive)
    shutil.rmtree(decoded)
    return found


def parquet_bytes(folder: Path) -> int:
    """Return the bytes of all files of a dataset that are its rows."""
    files = (path for path in folder.rglob("*.parquet") if "_ae" not in path.parts)
    return sum(path.stat().st_size for path in files)


def rates_table(runs: Sequence[Mapping[str, float]], source: Path) -> Table:
    """Return a table of medians."""
    source_bytes = parquet_bytes(source)
    costs = {name: median(run[name] for run in runs) for name in runs[0]}
    verbs = [name for name in costs if name.startswith(("encode", "verify", "decode"))]
    rows = []
    for verb in verbs:
        cpu_s = max(costs[verb] - costs["start"], 1e-3)
        stored = costs.get(f"{verb.removeprefix('encode, ')} bytes")
        share = None if stored is None else round(100 * stored / source_bytes, 1)
        rows.append((verb, round(cpu_s, 2), round(source_bytes / _MB / cpu_s, 1), share))
    return Table(
        title=f"{source_bytes / _MB:,.1f} MB of Parquet files",
        headings=("verb", "CPU s", "file MB/CPU s", "left %"),
        rows=tuple(rows),
        note=f"Start of a process apart, {costs['start']:.2f} CPU s. Left: the archive's files "
        "over the source's. Verify and decode: of the archive with the last effort.",
    )


if __name__ == "__main__":
    main()
