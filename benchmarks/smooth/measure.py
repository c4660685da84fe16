"""Our archive of a smooth table and SZ3 of the same blocks, column by column."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from ae_pipeline.codec.archive import ArchiveCodec, load_archive_codec
from ae_pipeline.coding import pin_blas_threads
from ae_pipeline.config.job import EncodeJob, EstimateJob, VerifyJob
from ae_pipeline.config.planner import PlannerConfig
from ae_pipeline.config.tolerance import ToleranceConfig
from ae_pipeline.results.estimate import EstimatedOption
from ae_pipeline.storage import codec_directory
from ae_pipeline.verbs import encode, estimate, verify
from benchmarks.peers import SZ3, Block, archive_peer, measure_peer, read_blocks
from benchmarks.tables.series import charging_curves, signal_shapes

_SEED, _MB = 0, 1e6
#: Makers of tables by name.
TABLES: dict[str, Callable[[np.random.Generator, int], pa.Table]] = {
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


def measure_table(name: str, n_rows: int, tolerances: Sequence[float]) -> Iterator[Outcome]:
    """Forecast one table at all tolerances, then encode it at each of them."""
    pin_blas_threads()
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / name
        source.mkdir()
        table = TABLES[name](np.random.default_rng(_SEED), n_rows)
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
