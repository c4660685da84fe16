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
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from rich.console import Console

from ae_pipeline.cli.console import render
from ae_pipeline.codec.archive import ArchiveCodec, load_archive_codec
from ae_pipeline.coding import pin_blas_threads
from ae_pipeline.config.job import EncodeJob, EstimateJob, VerifyJob
from ae_pipeline.config.planner import PlannerConfig
from ae_pipeline.config.tolerance import ToleranceConfig
from ae_pipeline.report.tables.records import dump_json
from ae_pipeline.report.tables.table import Table
from ae_pipeline.results.estimate import EstimatedOption
from ae_pipeline.storage import codec_directory
from ae_pipeline.verbs import encode, estimate, verify
from benchmarks.measure.machine import machine_line
from benchmarks.peers import SZ3, Block, archive_peer, measure_peer, read_blocks
from benchmarks.tables.series import charging_curves, signal_shapes

TOLERANCES = (0.001, 0.01, 0.05)
_SEED, _MB = 0, 1e6
_TABLES: dict[str, Callable[[np.random.Generator, int], pa.Table]] = {
    "charging_curves": charging_curves,
    "signal_shapes": signal_shapes,
}
_PLANNER = PlannerConfig(learn="never")


@dataclass(frozen=True)
class Outcome:
    """One table at one tolerance.

    Args:
        name: of the table.
        tolerance: part of each column's range.
        ours: bytes of each column's streams.
        sz3: bytes of each column.
        ways: how each column was stored, by blocks.
        whole_bytes: payload and model of the archive.
        forecast: the same, as `estimate` saw it coming.
        worst: largest error in tolerances.
        encode_mb_s: raw MB per CPU-second.
        decode_mb_s: raw MB per CPU-second.
        is_verified: whether every value kept its promise.
    """

    name: str
    tolerance: float
    ours: dict[str, int]
    sz3: dict[str, int]
    ways: dict[str, str]
    whole_bytes: int
    forecast: int
    worst: float
    encode_mb_s: float
    decode_mb_s: float
    is_verified: bool

    @property
    def is_met(self) -> bool:
        """Whether no column is larger than SZ3's and every promise is kept."""
        is_kept = self.is_verified and self.worst <= 1.0
        return is_kept and all(self.ours[name] <= self.sz3[name] for name in self.ours)


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
    parser.add_argument("--table", nargs="+", choices=tuple(_TABLES), default=tuple(_TABLES))
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


def measure_table(name: str, n_rows: int, tolerances: Sequence[float]) -> Iterator[Outcome]:
    """Forecast one table at all tolerances, then encode it at each of them."""
    pin_blas_threads()
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / name
        source.mkdir()
        table = _TABLES[name](np.random.default_rng(_SEED), n_rows)
        pq.write_table(table, source / "part-0.parquet")
        job = EstimateJob(
            source=str(source),
            tolerances=tuple(tolerances),
            tolerance=ToleranceConfig(kind="range"),
            planner=_PLANNER,
        )
        for option in estimate(job).options:
            yield _measure(source, table, option)


def _measure(source: Path, table: pa.Table, forecast: EstimatedOption) -> Outcome:
    tolerance = ToleranceConfig(relative=forecast.tolerance, kind="range", accept_flattened=True)
    with tempfile.TemporaryDirectory() as folder:
        job = EncodeJob(source=str(source), archive=folder, tolerance=tolerance, planner=_PLANNER)
        report = encode(job)
        checked = verify(VerifyJob(archive=folder, source=str(source)))
        codec = load_archive_codec(codec_directory(Path(folder), report.codec_ids[0]))
    names = codec.schema.features
    asked = [forecast.tolerance * _width(table.column(name)) for name in names]
    blocks = list(read_blocks(str(source), names, asked, codec.block_rows))
    ours, ways = _stored(codec, blocks)
    own = measure_peer(archive_peer("ours", codec), blocks)
    return Outcome(
        name=source.name,
        tolerance=forecast.tolerance,
        ours=ours,
        sz3=_sz3_bytes(names, blocks),
        ways=ways,
        whole_bytes=own.n_bytes + archive_peer("ours", codec).model_bytes,
        forecast=forecast.payload_bytes + forecast.model_bytes,
        worst=own.worst,
        encode_mb_s=own.raw_bytes / _MB / own.encode_s,
        decode_mb_s=own.raw_bytes / _MB / own.decode_s,
        is_verified=not checked.failures,
    )


def _width(column: pa.ChunkedArray) -> float:
    values = column.to_numpy().astype(np.float64)
    return float(np.nanmax(values) - np.nanmin(values))


def _stored(codec: ArchiveCodec, blocks: Sequence[Block]) -> tuple[dict[str, int], dict[str, str]]:
    """Return the bytes of each column's streams, and how its blocks were stored."""
    n_bytes: Counter[str] = Counter()
    ways: dict[str, list[str]] = {name: [] for name in codec.schema.features}
    for block in blocks:
        columns = codec.encode(block.records).columns
        for name, streams in zip(codec.schema.features, columns, strict=True):
            n_bytes[name] += streams.n_bytes
            ways[name].append(streams.method.name.lower())
    return dict(n_bytes), {name: "/".join(sorted(set(own))) for name, own in ways.items()}


def _sz3_bytes(names: Sequence[str], blocks: Sequence[Block]) -> dict[str, int]:
    n_bytes: Counter[str] = Counter()
    for block in blocks:
        for name, part in zip(names, SZ3.encode(block).parts, strict=True):
            n_bytes[name] += len(part)
    return dict(n_bytes)


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
