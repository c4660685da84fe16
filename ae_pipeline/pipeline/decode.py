"""Decode: features fragments → tables of the source's schema, and their errors."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import reduce
from itertools import zip_longest
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from ae_pipeline.blocks import Block, block_to_arrays, records_to_block, rows_per_block
from ae_pipeline.codec import Codec, load_codec
from ae_pipeline.config import DecodeJob
from ae_pipeline.errors import CorruptFragmentError, SourceChangedError, SourceNotFoundError
from ae_pipeline.features import (
    Footer,
    Marker,
    codec_directory,
    column_bytes,
    read_footer,
    report_directory,
    split_records,
    table_writer,
)
from ae_pipeline.metrics import ErrorSums, measure_errors
from ae_pipeline.pipeline.destination import check_apart, claim
from ae_pipeline.pipeline.fragments import Outcome, for_each_fragment
from ae_pipeline.pipeline.summary import summarize, write_metrics
from ae_pipeline.results import DatasetReport, FragmentResult, Progress, silent
from ae_pipeline.source import (
    Fragment,
    Source,
    discover,
    fingerprint,
    open_fragment,
    read_records,
    rebatch,
)

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class DecodePlan:
    """What decoding needs to know; `originals` are the source's fragments by relative path."""

    features: Source
    destination: Path
    codecs: dict[str, Codec]
    originals: dict[str, Fragment] | None


def decode(job: DecodeJob, progress: Progress = silent) -> DatasetReport:
    """Reconstruct every fragment; compare with the source if it is given.

    Raises:
        AePipelineError: the job as a whole cannot run. Fragments that fail are in the report.
    """
    started = time.monotonic()
    plan = plan_decode(job)
    outcome = for_each_fragment(
        plan.features.fragments,
        lambda fragment: decode_fragment(plan, fragment),
        workers=job.execution.workers,
        stage="decode",
        progress=progress,
    )
    return finish_decode(job, plan, outcome, started)


def plan_decode(job: DecodeJob) -> DecodePlan:
    """Find the fragments and load the codecs they name; claim the destination."""
    features = discover(job.features)
    destination = Path(job.decoded)
    check_apart(features, destination)
    originals = None
    if job.source is not None:
        source = discover(job.source)
        check_apart(source, destination)
        originals = {fragment.relative: fragment for fragment in source.fragments}
    codecs = _load_codecs(features, job.codec)
    claim(destination, Marker("decoded"), job.execution.force)
    return DecodePlan(features, destination, codecs, originals)


def decode_fragment(plan: DecodePlan, fragment: Fragment) -> FragmentResult:
    """Reconstruct one fragment and measure its errors.

    Raises:
        AePipelineError: of its data or the destination; `OSError` on I/O trouble.
    """
    started = time.process_time()
    with open_fragment(fragment) as file:
        metadata = file.metadata
    footer = _require_footer(metadata, fragment)
    codec = _codec_of(plan, footer, fragment)
    path = plan.destination / fragment.relative
    original = _original_of(plan, footer, fragment)
    errors = _write_fragment(codec, footer, fragment, original, path)
    result = FragmentResult(
        relative=fragment.relative,
        partition=fragment.partition,
        state="written",
        n_rows=metadata.num_rows,
        source_bytes=footer.source_bytes,
        features_bytes=fragment.size_bytes,
        latent_bytes=column_bytes(metadata, footer.latent_column),
        decoded_bytes=path.stat().st_size,
        errors=errors,
    )
    logger.info(
        "decoded %s: %d rows, %d bytes, %.2f CPU s",
        fragment.relative,
        result.n_rows,
        result.decoded_bytes,
        time.process_time() - started,
    )
    return result


def finish_decode(
    job: DecodeJob, plan: DecodePlan, outcome: Outcome, started: float
) -> DatasetReport:
    """Sum up, and write the metrics table if there was something to compare."""
    report = summarize(
        "decode", job.features, job.decoded, list(plan.codecs.values()), outcome, started
    )
    if report.total.metrics is not None:
        write_metrics(report, report_directory(plan.destination) / "metrics.parquet")
    return report


def _write_fragment(
    codec: Codec, footer: Footer, fragment: Fragment, original: Fragment | None, path: Path
) -> ErrorSums | None:
    """Write the reconstruction; error sums per column, None without an original."""
    schema = footer.schema or codec.schema.arrow
    n_rows = rows_per_block(len(schema))
    sums: list[ErrorSums] = []
    decoded = _decoded_records(codec, footer, fragment, schema, n_rows)
    with table_writer(path, schema) as write:
        if original is None:
            for records in decoded:
                write(records)
            return None
        for records, truth in _paired(decoded, original, codec, n_rows, fragment):
            write(records)
            sums.append(_errors(records, truth, codec))
    return reduce(ErrorSums.merge, sums, ErrorSums.empty(len(codec.schema.features)))


def _decoded_records(
    codec: Codec, footer: Footer, fragment: Fragment, schema: pa.Schema, n_rows: int
) -> Iterator[pa.RecordBatch]:
    features = codec.schema.features
    for records in rebatch(read_records(fragment, n_rows), n_rows):
        parts = split_records(records, footer.latent_column, len(features), fragment.relative)
        block = codec.decode(parts.latents, parts.missing)
        arrays = block_to_arrays(block, codec.schema.feature_types)
        columns = {**parts.kept, **dict(zip(features, arrays, strict=True))}
        yield pa.RecordBatch.from_arrays([columns[name] for name in schema.names], schema=schema)


def _paired(
    decoded: Iterable[pa.RecordBatch],
    original: Fragment,
    codec: Codec,
    n_rows: int,
    fragment: Fragment,
) -> Iterator[tuple[pa.RecordBatch, pa.RecordBatch]]:
    """Reconstruction and source side by side, row for row."""
    truth = rebatch(read_records(original, n_rows, codec.schema.features), n_rows)
    for ours, theirs in zip_longest(decoded, truth):
        if ours is None or theirs is None or len(ours) != len(theirs):
            raise CorruptFragmentError(
                "row count differs from the source",
                where=fragment.relative,
                remedy="encode it again",
            )
        yield ours, theirs


def _errors(records: pa.RecordBatch, truth: pa.RecordBatch, codec: Codec) -> ErrorSums:
    """Errors of what was written, after its cast to the source type."""
    features = codec.schema.features
    ours, theirs = records_to_block(records, features), records_to_block(truth, features)
    n_mismatched = (_reasons(ours) != _reasons(theirs)).sum(axis=1)
    return measure_errors(theirs.values, ours.values, n_mismatched)


def _reasons(block: Block) -> np.ndarray:
    return np.zeros(block.values.shape, np.uint8) if block.missing is None else block.missing


def _require_footer(metadata: pq.FileMetaData, fragment: Fragment) -> Footer:
    footer = read_footer(metadata, fragment.relative)
    if footer is None:
        raise CorruptFragmentError(
            "not a features fragment",
            where=fragment.relative,
            expected="a file that encode wrote",
            remedy="take it out of the dataset",
        )
    return footer


def _codec_of(plan: DecodePlan, footer: Footer, fragment: Fragment) -> Codec:
    if footer.codec_id not in plan.codecs:
        raise CorruptFragmentError(
            "its codec is not at hand",
            where=fragment.relative,
            expected=footer.codec_id,
            got=", ".join(plan.codecs),
            remedy="encode it again",
        )
    return plan.codecs[footer.codec_id]


def _original_of(plan: DecodePlan, footer: Footer, fragment: Fragment) -> Fragment | None:
    """The source fragment to compare with, once it proved to be the one that was encoded."""
    if plan.originals is None:
        return None
    original = plan.originals.get(fragment.relative)
    if original is None:
        raise SourceNotFoundError(
            "source has no such fragment",
            where=fragment.relative,
            remedy="decode without --source, or restore it",
        )
    if fingerprint(original) != footer.source_fingerprint:
        raise SourceChangedError(
            "source changed since it was encoded",
            where=fragment.relative,
            remedy="encode it again, or decode without --source",
        )
    return original


def _load_codecs(features: Source, named: str | None) -> dict[str, Codec]:
    """Codecs by id: the one that was named, or those that the fragments name."""
    if named is not None:
        codec = load_codec(named)
        return {codec.id: codec}
    ids = [footer.codec_id for footer in map(_footer_or_none, features.fragments) if footer]
    if not ids:
        raise CorruptFragmentError(
            "not a features dataset",
            where=str(features.root),
            expected="files that encode wrote",
            remedy="name the folder that `ae-pipeline features` wrote",
        )
    return {name: load_codec(codec_directory(features.root, name)) for name in dict.fromkeys(ids)}


def _footer_or_none(fragment: Fragment) -> Footer | None:
    """Damaged fragments are told of one by one, when their turn comes."""
    try:
        with open_fragment(fragment) as file:
            return read_footer(file.metadata, fragment.relative)
    except (CorruptFragmentError, SourceNotFoundError, OSError):
        return None
