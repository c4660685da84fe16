"""MB per CPU-second and peak memory of an archive with a network, beside simpler codecs.

    python -m benchmarks.archive_throughput [--rows 5000000] [--columns 32] [--workdir DIR]

Ours twice, without linear prediction, so that the network has to work: as a user runs it, from
file to file and from file to Arrow, in fresh processes whose start is told apart; and block by
block in memory with each effort, as the peers are measured. Beside it a codec without a network,
as `fit` chooses it. MB are of raw floats; bytes of ours have the model.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from pathlib import Path

from rich.console import Console

from ae_pipeline.cli.console import render
from ae_pipeline.codec.archive import ArchiveCodec, load_archive_codec
from ae_pipeline.report.tables.table import Cell, Table
from ae_pipeline.verbs import inspect
from benchmarks.measure.child import Cost, run_python, run_verb, typical
from benchmarks.measure.efforts import measure_efforts
from benchmarks.measure.machine import machine_line
from benchmarks.measure.synthetic import make_table
from benchmarks.peers import Measured

_SHAPE = (5_000_000, 32)
_SAMPLE_ROWS = 1 << 17
_STEPS = 3000
_FLOAT_BYTES = 8
_MB = 1e6
_TARGETS = {"encode": 40, "decode": 120}

_console = Console(width=120, highlight=False)


def main() -> None:
    """Make the table, fit on a sample, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=_SHAPE[0])
    parser.add_argument("--columns", type=int, default=_SHAPE[1])
    parser.add_argument("--row-group-rows", type=int, default=1 << 20)
    parser.add_argument("--tolerance", type=float, default=0.01)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--peer-rows", type=int, default=500_000, help="rows in memory")
    parser.add_argument("--workdir", type=Path, help="keep the table here and use it again")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="ae-throughput-") as temporary:
        workdir = arguments.workdir or Path(temporary)
        workdir.mkdir(parents=True, exist_ok=True)
        _measure(workdir, arguments)


def _measure(workdir: Path, arguments: argparse.Namespace) -> None:
    log = workdir / "log.txt"
    table = make_table(workdir, arguments.rows, arguments.columns, arguments.row_group_rows)
    directory = _fit(workdir, arguments.columns, arguments.tolerance, log)
    archive = workdir / "archive"
    encode = ["encode", str(table), str(archive), "--codec", str(directory), "--workers", "1"]
    decode = ["verify", str(archive), "--workers", "1"]
    times = range(arguments.repeats)
    costs = {
        "start": typical([run_verb(["--help"], log) for _ in times]),
        "encode": typical([_encode(encode, archive, log) for _ in times]),
        "decode": typical([run_verb(decode, log) for _ in times]),
    }
    run_verb([*decode, "--source", str(table)], log)  # fails unless every value keeps its promise
    # Last, because this process must stay small while it starts others.
    stored, corrections = _stored_bytes(archive)
    codecs = {
        "network": load_archive_codec(directory),
        "no network": _fit_without(workdir, arguments),
    }
    peers = measure_efforts(codecs, table, arguments.peer_rows)
    _print(arguments, costs, stored, corrections, peers)
    shutil.rmtree(archive)


def _fit(workdir: Path, n_columns: int, tolerance: float, log: Path) -> Path:
    """Train a network for a few steps on a small table; return the codec's directory."""
    sample = make_table(workdir, _SAMPLE_ROWS, n_columns, _SAMPLE_ROWS)
    directory = workdir / "codec"
    code = (
        "from pathlib import Path; from benchmarks.networks.trainers import save_network; "
        f"save_network({str(sample)!r}, {tolerance}, {_STEPS}, Path({str(directory)!r}))"
    )
    run_python(["-c", code], log)
    return directory


def _fit_without(workdir: Path, arguments: argparse.Namespace) -> ArchiveCodec:
    """Fit a codec without a network on the small table."""
    sample = make_table(workdir, _SAMPLE_ROWS, arguments.columns, _SAMPLE_ROWS)
    directory = workdir / "codec-without"
    settings = (f"tolerance.relative={arguments.tolerance}", "planner.learn=never")
    options = [word for setting in settings for word in ("--set", setting)]
    command = ["fit", str(sample), "--codec", str(directory), "--for", "archive", "--force"]
    run_verb([*command, *options], workdir / "log.txt")
    return load_archive_codec(directory)


def _encode(arguments: list[str], archive: Path, log: Path) -> Cost:
    shutil.rmtree(archive, ignore_errors=True)
    return run_verb(arguments, log)


def _stored_bytes(archive: Path) -> tuple[int, int]:
    """Return all bytes of the archive and those of corrections; RuntimeError without any."""
    sizes = inspect(str(archive)).bytes
    corrections = 0 if sizes is None else sizes.ledger["corrections"]
    if not corrections:
        raise RuntimeError("the network was not used")
    files = (path for path in archive.rglob("*") if path.is_file())
    return sum(path.stat().st_size for path in files), corrections


def _print(
    arguments: argparse.Namespace,
    costs: dict[str, Cost],
    stored: int,
    corrections: int,
    peers: dict[str, Measured],
) -> None:
    raw = arguments.rows * arguments.columns * _FLOAT_BYTES
    start = costs["start"]
    rates = {verb: raw / _MB / (costs[verb].cpu_s - start.cpu_s) for verb in _TARGETS}
    ours = (
        "ours, files",
        arguments.rows,
        stored,
        raw / stored,
        rates["encode"],
        rates["decode"],
        "<= 1",
    )
    rows = [ours, *(_row(name, found, arguments) for name, found in peers.items())]
    headings = (
        "codec",
        "rows",
        "bytes",
        "ratio",
        "encode MB/CPU s",
        "decode MB/CPU s",
        "error/tolerance",
    )
    title = f"{arguments.rows:,} rows x {arguments.columns} float64"
    peaks = ", ".join(f"{verb} {costs[verb].peak_bytes / _MB:,.0f} MB" for verb in _TARGETS)
    note = (
        f"ours, files: {stored:,} bytes with the model, {corrections:,} of corrections; "
        f"start of a process apart, {start.cpu_s:.2f} CPU s; peak memory: {peaks}"
    )
    _console.print(machine_line())
    render(Table(title, headings, tuple(rows), note=note), _console)
    if (arguments.rows, arguments.columns) == _SHAPE:
        _console.print("; ".join(_verdict(verb, rate) for verb, rate in rates.items()))


def _row(name: str, found: Measured, arguments: argparse.Namespace) -> tuple[Cell, ...]:
    n_rows = found.raw_bytes // (arguments.columns * _FLOAT_BYTES)
    encode, decode = (found.raw_bytes / _MB / cpu_s for cpu_s in (found.encode_s, found.decode_s))
    n_bytes = found.n_bytes + found.missing_bytes
    return name, n_rows, n_bytes, found.ratio, encode, decode, found.worst


def _verdict(verb: str, rate: float) -> str:
    word = "met" if rate >= _TARGETS[verb] else "MISSED"
    return f"{verb} at least {_TARGETS[verb]} MB/CPU s: {word}"


if __name__ == "__main__":
    main()
