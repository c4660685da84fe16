"""Rows per CPU-second and peak memory of encode and decode, in fresh processes.

    python -m benchmarks.throughput [--rows 5000000] [--columns 32] [--workdir DIR]

One file on one worker, start of the process included. The default row groups of pyarrow (1 Mi
rows) are the hard case: a reader that holds a whole row group would need 256 MB for it.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.table import Table

from ae_pipeline.codec.features import load_features_codec
from ae_pipeline.dataset import discover
from benchmarks.measure.child import Cost, run_verb, typical
from benchmarks.measure.machine import machine_line
from benchmarks.measure.stages import Stages, decode_stages, encode_stages, typical_stages
from benchmarks.measure.synthetic import make_table

_SAMPLE_ROWS = 1 << 17
_FLOAT_BYTES = 8
_MB = 1e6
#: The promise of encode on a table of this shape.
_TARGET_SHAPE = (5_000_000, 32)
_TARGET_ROWS_PER_CPU_S = 500_000
_TARGET_PEAK_MB = 400

_console = Console(width=80, highlight=False)


def main() -> None:
    """Make the table, fit, measure, print."""
    arguments = _parse_arguments()
    _console.print(machine_line())
    with tempfile.TemporaryDirectory(prefix="ae-throughput-") as temporary:
        workdir = arguments.workdir or Path(temporary)
        workdir.mkdir(parents=True, exist_ok=True)
        _measure(workdir, arguments)


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=_TARGET_SHAPE[0])
    parser.add_argument("--columns", type=int, default=_TARGET_SHAPE[1])
    parser.add_argument("--row-group-rows", type=int, default=1 << 20)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--stage-rows", type=int, default=1 << 20, help="rows of the breakdown")
    parser.add_argument("--workdir", type=Path, help="keep the table here and use it again")
    return parser.parse_args()


def _measure(workdir: Path, arguments: argparse.Namespace) -> None:
    log = workdir / "log.txt"
    table = make_table(workdir, arguments.rows, arguments.columns, arguments.row_group_rows)
    codec = _fit(workdir, arguments.columns, log)
    features, decoded = workdir / "features", workdir / "decoded"
    encode = ["features", str(table), str(features), "--codec", str(codec), "--workers", "1"]
    decode = ["decode", str(features), str(decoded), "--workers", "1"]
    costs = {
        "encode": _repeat(lambda: _fresh(encode, features, log), arguments.repeats),
        "decode": _repeat(lambda: _fresh(decode, decoded, log), arguments.repeats),
        "start alone": _repeat(lambda: run_verb(["--help"], log), arguments.repeats),
    }
    _print_costs(costs, arguments)
    # Last, because this process must stay small while it starts others.
    stages = _run_stages(workdir, codec, table, arguments.stage_rows, arguments.repeats)
    _print_stages(*stages)
    shutil.rmtree(features)
    shutil.rmtree(decoded)


def _fit(workdir: Path, n_columns: int, log: Path) -> Path:
    """Fit the default network for a few steps: weights do not matter for speed."""
    sample = make_table(workdir, _SAMPLE_ROWS, n_columns, _SAMPLE_ROWS)
    codec = workdir / f"codec-{n_columns}"
    run_verb(["fit", str(sample), "--codec", str(codec), "--set", "training.max_steps=2000"], log)
    return codec


def _fresh(arguments: list[str], destination: Path, log: Path) -> Cost:
    shutil.rmtree(destination, ignore_errors=True)
    return run_verb(arguments, log)


def _repeat(run: Callable[[], Cost], times: int) -> Cost:
    return typical([run() for _ in range(times)])


def _run_stages(
    workdir: Path, codec: Path, table: Path, n_rows: int, repeats: int
) -> tuple[Stages, Stages]:
    loaded = load_features_codec(codec)
    source = discover(table).fragments[0]
    features = workdir / "stages" / "part-0.parquet"
    encoded = [encode_stages(loaded, source, features, n_rows) for _ in range(repeats)]
    fragment, target = discover(features).fragments[0], features.with_name("decoded.parquet")
    decoded = [decode_stages(loaded, fragment, target) for _ in range(repeats)]
    shutil.rmtree(features.parent)
    return typical_stages(encoded), typical_stages(decoded)


def _print_costs(costs: dict[str, Cost], arguments: argparse.Namespace) -> None:
    n_rows, n_columns = arguments.rows, arguments.columns
    table = Table(title=f"{n_rows:,} rows x {n_columns} float64, one file, one worker")
    table.add_column("verb")
    for name in ("CPU s", "wall s", "rows/CPU s", "raw MB/CPU s", "peak MB"):
        table.add_column(name, justify="right")
    for verb, cost in costs.items():
        rate = n_rows / cost.cpu_s
        rates = [f"{rate:,.0f}", f"{rate * n_columns * _FLOAT_BYTES / _MB:,.0f}"]
        table.add_row(
            verb,
            f"{cost.cpu_s:.2f}",
            f"{cost.wall_s:.2f}",
            *(["", ""] if verb == "start alone" else rates),
            f"{cost.peak_bytes / _MB:,.0f}",
        )
    _console.print(table)
    if (n_rows, n_columns) == _TARGET_SHAPE:
        _print_verdict(costs["encode"], n_rows)


def _print_verdict(encode: Cost, n_rows: int) -> None:
    is_fast = n_rows / encode.cpu_s >= _TARGET_ROWS_PER_CPU_S
    is_small = encode.peak_bytes / _MB <= _TARGET_PEAK_MB
    _console.print(
        f"encode at least {_TARGET_ROWS_PER_CPU_S:,} rows/CPU s: {_word(is_fast)}; "
        f"at most {_TARGET_PEAK_MB} MB: {_word(is_small)}"
    )


def _word(is_met: bool) -> str:
    return "met" if is_met else "MISSED"


def _print_stages(encode: Stages, decode: Stages) -> None:
    table = Table(title=f"One process, first {encode.n_rows:,} rows")
    table.add_column("stage")
    for name in ("CPU s", "share", "rows/CPU s"):
        table.add_column(name, justify="right")
    for verb, stages in (("encode", encode), ("decode", decode)):
        total = sum(stages.cpu_s.values())
        for stage, cpu_s in (*stages.cpu_s.items(), ("all stages", total)):
            rate = f"{stages.n_rows / cpu_s:,.0f}"
            table.add_row(f"{verb}: {stage}", f"{cpu_s:.3f}", f"{cpu_s / total:.0%}", rate)
        table.add_section()
    _console.print(table)


if __name__ == "__main__":
    main()
