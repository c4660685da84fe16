"""One dataset at one tolerance: our archive and its peers on the same blocks, all decoded."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from ae_pipeline.codec.archive import ArchiveCodec, load_archive_codec
from ae_pipeline.coding import pin_blas_threads
from ae_pipeline.config.columns import ColumnsConfig
from ae_pipeline.config.job import EncodeJob, EstimateJob, VerifyJob
from ae_pipeline.config.tolerance import ToleranceConfig
from ae_pipeline.dataset import discover
from ae_pipeline.parquet import column_bytes, leaf_sizes
from ae_pipeline.results.estimate import EstimatedOption
from ae_pipeline.storage import codec_directory
from ae_pipeline.verbs import encode, estimate, verify
from benchmarks.measure.outcome import Comparison, Entry
from benchmarks.peers import (
    PEERS,
    Block,
    Measured,
    Peer,
    archive_peer,
    classical,
    measure_peer,
    pca,
    read_blocks,
)

_MB = 1e6


def compare_all(dataset: str, tolerances: Sequence[float]) -> Iterator[Comparison]:
    """Forecast all tolerances at once, as a user would, then encode and compare at each of them.

    Raises:
        AePipelineError: the dataset cannot be read, or has no columns to compare.
    """
    pin_blas_threads()
    columns = _columns(dataset)
    job = EstimateJob(
        source=dataset,
        columns=columns,
        tolerances=tuple(tolerances),
        tolerance=ToleranceConfig(kind="range"),
    )
    found = estimate(job)
    for option in found.options:
        yield _compare(dataset, columns, option, found.seconds)


def _columns(dataset: str) -> ColumnsConfig:
    """Return the default columns, or the integers of a dataset without floats, such as images."""
    schema = pq.read_schema(discover(dataset).fragments[0].path)
    has_floats = any(pa.types.is_floating(kind) for kind in schema.types)
    return ColumnsConfig() if has_floats else ColumnsConfig(feature=("*",))


def _compare(
    dataset: str, columns: ColumnsConfig, forecast: EstimatedOption, estimate_s: float
) -> Comparison:
    """Fit, encode and verify an archive; then measure peers on the blocks it was made from."""
    tolerance = forecast.tolerance
    with tempfile.TemporaryDirectory() as folder:
        job = EncodeJob(
            source=dataset,
            archive=folder,
            columns=columns,
            tolerance=ToleranceConfig(relative=tolerance, kind="range", accept_flattened=True),
        )
        started = time.monotonic()
        report = encode(job)
        encode_s = time.monotonic() - started
        checked = verify(VerifyJob(archive=folder, source=dataset))
        codec = load_archive_codec(codec_directory(Path(folder), report.codec_ids[0]))
    asked = _asked(codec, dataset, tolerance)
    blocks = list(read_blocks(dataset, codec.schema.features, asked, codec.block_rows))
    ours = _measure(archive_peer("ours", codec), blocks)
    payload = sum(report.total.ledger.values())
    if ours.n_bytes - ours.model_bytes != payload:
        raise RuntimeError(f"the archive holds {payload} bytes, its blocks {ours.n_bytes}")
    return Comparison(
        dataset=Path(dataset).name,
        tolerance=tolerance,
        absolute=dict(zip(codec.schema.features, asked, strict=True)),
        n_rows=report.total.n_rows,
        n_values=report.total.n_rows * len(codec.columns),
        n_fragments=report.total.n_fragments,
        raw_bytes=sum(block.raw_bytes for block in blocks),
        file_bytes=report.total.source_bytes,
        stored_bytes=_stored_bytes(dataset, codec.schema.features),
        ours=ours,
        peers=tuple(_measure(peer, blocks) for peer in (*PEERS, *_pca_like(codec, blocks))),
        baseline=_measure(classical(dataset, columns, _latents_per_row(codec)), blocks),
        is_verified=not checked.failures and checked.total.n_rows == report.total.n_rows,
        encode_s=encode_s,
        estimated_bytes=forecast.payload_bytes + forecast.model_bytes,
        estimate_s=estimate_s,
        plan=codec.provenance.plan,
    )


def _measure(peer: Peer, blocks: Sequence[Block]) -> Entry:
    found = measure_peer(peer, blocks)
    return Entry(
        peer.name,
        found.n_bytes + found.missing_bytes + peer.model_bytes,
        peer.model_bytes,
        _rate(found, found.encode_s),
        _rate(found, found.decode_s),
        found.worst,
    )


def _rate(found: Measured, cpu_s: float) -> float:
    return found.raw_bytes / _MB / max(cpu_s, 1e-9)


def _pca_like(codec: ArchiveCodec, blocks: Sequence[Block]) -> list[Peer]:
    """Return PCA with our network's window and latents, if it has one; none if all is exact."""
    if not any(blocks[0].layout.tolerances):
        return []
    if codec.network is None:
        return [pca(blocks)]
    return [pca(blocks, codec.network.window, codec.network.decoder.latent_dim)]


def _asked(codec: ArchiveCodec, dataset: str, relative: float) -> list[float]:
    """Return the peers' absolute tolerances: those asked for, even where ours is exact for less.

    For integers, the tolerances asked for and ours allow the same errors.
    """
    names = codec.schema.features
    low, high = np.full(len(names), np.inf), np.full(len(names), -np.inf)
    for block in read_blocks(dataset, names, [0.0] * len(names), codec.block_rows):
        for number, values in enumerate(block.columns):
            low[number] = min(low[number], values.min(initial=np.inf))
            high[number] = max(high[number], values.max(initial=-np.inf))
    kinds = zip(codec.schema.feature_types, codec.promises, relative * (high - low), strict=True)
    return [
        promise.absolute if pa.types.is_integer(kind) or not np.isfinite(width) else float(width)
        for kind, promise, width in kinds
    ]


def _latents_per_row(codec: ArchiveCodec) -> int | None:
    if codec.network is None:
        return None
    return max(1, round(codec.network.decoder.latent_dim / codec.network.window))


def _stored_bytes(dataset: str, features: Sequence[str]) -> int:
    """Return the bytes of the feature columns' chunks in the source's files."""
    files = []
    for fragment in discover(dataset).fragments:
        with fragment.path.open("rb") as file:
            files.append(leaf_sizes(file))
    return sum(column_bytes(leaves, name) for leaves in files for name in features)
