"""Our codecs with each effort and their peers, block by block in memory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from ae_pipeline.codec.archive import ArchiveCodec
from ae_pipeline.coding import pin_blas_threads
from ae_pipeline.compiled import has_kernels
from ae_pipeline.config.effort import Effort
from benchmarks.peers import (
    PCODEC,
    ZFP,
    Block,
    Measured,
    ParquetWriter,
    archive_peer,
    measure_peer,
    parquet,
    read_blocks,
    sz3,
)

_EFFORTS: tuple[Effort, ...] = ("small", "balanced", "fast")
#: Kernels are compiled after some seconds without them.
_WARM_UPS = 12


def measure_efforts(
    codecs: dict[str, ArchiveCodec], table: Path, n_rows: int
) -> dict[str, Measured]:
    """Measure codecs by name, one of them that of a network, on the first rows of a table."""
    pin_blas_threads()
    codec = codecs["network"]
    rows, tolerances = codec.block_rows, (codec.cell / 2).tolist()

    def blocks() -> Iterator[Block]:
        return read_blocks(str(table), codec.schema.features, tolerances, rows, n_rows)

    for own in codecs.values():
        _warm_up(own, next(blocks()))
    peers = (
        *(
            archive_peer(f"ours, {name}, {effort}", own, effort)
            for name, own in codecs.items()
            for effort in _EFFORTS
        ),
        PCODEC,
        sz3("SZ3 per column, default"),
        ZFP,
        parquet("Parquet zstd-3, lossless", _split),
    )
    return {peer.name: measure_peer(peer, blocks()) for peer in peers}


def _warm_up(codec: ArchiveCodec, block: Block) -> None:
    """Encode and decode until all kernels are compiled, so that none is compiled in between."""
    choices = [codec.choice(effort) for effort in _EFFORTS]
    for choice in choices * (_WARM_UPS if has_kernels() else 1):
        content = codec.encode(block.records, choice=choice).to_bytes()
        codec.decode(content, len(block.records))


def _split(values: np.ndarray, tolerance: float) -> Iterator[tuple[ParquetWriter, np.ndarray]]:
    """Yield only the encoding that suits floats, so that no time goes into choosing."""
    yield ParquetWriter("values", "BYTE_STREAM_SPLIT", level=3), values
