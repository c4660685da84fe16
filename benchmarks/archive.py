"""Archives against quantise + pcodec per column, on the same blocks, every promise verified.

Run it: `python -m benchmarks.archive DATASET... --tolerance 0.001 0.01 0.05`

Bytes are payload (all of the blocks) plus model; the bar is the bytes of the peer plus 1 % plus 4
bytes
per column and block, because a small file must say what it holds. The peer is charged what we take
to say which rows are null, because it cannot say that at all.
"""

from __future__ import annotations

import argparse
import logging
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from pcodec import ChunkConfig, standalone
from rich.console import Console

from ae_pipeline import encode, verify
from ae_pipeline.archive import ArchiveCoder
from ae_pipeline.codec import ArchiveCodec, load_archive_codec
from ae_pipeline.codec.rows import pack_validity
from ae_pipeline.config import EncodeJob, ToleranceConfig, VerifyJob
from ae_pipeline.report import Table, render
from ae_pipeline.report.table import Cell
from ae_pipeline.source import discover, read_records, rebatch
from ae_pipeline.storage import codec_directory
from benchmarks.machine import machine_line

_PCODEC = ChunkConfig(compression_level=8)


@dataclass(frozen=True)
class Measured:
    """One dataset at one tolerance."""

    raw: int
    payload: int
    model: int
    peer: int
    n_streams: int
    is_verified: bool
    seconds: float

    @property
    def is_within_bar(self) -> bool:
        """Never worse than the peer, but for what a file must say."""
        return self.payload + self.model <= 1.01 * self.peer + 4 * self.n_streams


def measure(source: str, tolerance: float) -> Measured:
    """Encode, verify against the source, and code the same blocks with the peer."""
    started = time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        archive = str(Path(folder) / "archive")
        promised = ToleranceConfig(relative=tolerance)
        report = encode(EncodeJob(source=source, archive=archive, tolerance=promised))
        seconds = time.process_time() - started
        checked = verify(VerifyJob(archive=archive, source=source))
        codec = load_archive_codec(codec_directory(Path(archive), report.codec_ids[0]))
    peer, n_streams = peer_bytes(source, codec)
    sizes = report.bytes
    model = sizes.model.get("decoder", 0) + sizes.model.get("encoder", 0)
    is_verified = not checked.failures and checked.total.n_rows == report.total.n_rows
    return Measured(
        sizes.raw_feature_bytes, sizes.payload_bytes, model, peer, n_streams, is_verified, seconds
    )


def peer_bytes(source: str, codec: ArchiveCodec) -> tuple[int, int]:
    """Bytes of quantise + pcodec of every column of every block, and how many those are."""
    n_bytes = n_streams = 0
    n_rows = ArchiveCoder(codec).block_rows
    for fragment in discover(source).fragments:
        features = codec.schema.features
        for records in rebatch(read_records(fragment, n_rows, features), n_rows):
            for name, column in zip(features, codec.columns, strict=True):
                n_bytes += _column_bytes(records.column(name), column.grid.tolerance)
                n_streams += 1
    return n_bytes, n_streams


def _column_bytes(column: pa.Array, tolerance: float) -> int:
    validity = len(pack_validity(column.is_valid().to_numpy(zero_copy_only=False)))
    values = column.drop_null().to_numpy(zero_copy_only=False)
    if not tolerance:
        return validity + len(standalone.simple_compress(np.ascontiguousarray(values), _PCODEC))
    finite = values[np.isfinite(values)].astype(np.float64)
    cells = np.rint(finite / (2 * tolerance)) if len(finite) else finite
    largest = np.abs(cells).max(initial=0)
    kind = next(kind for kind in (np.int16, np.int32, np.int64) if largest <= np.iinfo(kind).max)
    return validity + len(standalone.simple_compress(cells.astype(kind), _PCODEC))


def _row(name: str, tolerance: float, found: Measured) -> tuple[Cell, ...]:
    ours = found.payload + found.model
    return (
        name,
        tolerance,
        found.raw / max(found.peer, 1),
        found.raw / max(ours, 1),
        ours / max(found.peer, 1),
        "yes" if found.is_within_bar else "NO",
        "yes" if found.is_verified else "NO",
        round(found.seconds),
    )


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("datasets", nargs="+")
    parser.add_argument("--tolerance", nargs="+", type=float, default=[0.001, 0.01, 0.05])
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.WARNING)
    rows = []
    for dataset in arguments.datasets:
        for tolerance in arguments.tolerance:
            row = _row(Path(dataset).name, tolerance, measure(dataset, tolerance))
            print(*row, flush=True)
            rows.append(row)
    headings = ("dataset", "tol", "pcodec", "ours", "size", "in bar", "verified", "CPU s")
    note = "pcodec, ours: raw bytes / bytes, ours with its model. size: ours / pcodec."
    render(Table(machine_line(), headings, tuple(rows), note=note), Console())


if __name__ == "__main__":
    main()
