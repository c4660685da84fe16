"""Encode: a source's fragments → features fragments, those that are missing or stale."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from ae_pipeline.blocks import records_to_block, rows_per_block
from ae_pipeline.codec import Codec, load_codec, save_codec
from ae_pipeline.config import EncodeJob
from ae_pipeline.errors import AePipelineError
from ae_pipeline.features import (
    Footer,
    Marker,
    checkpoint_directory,
    codec_directory,
    column_bytes,
    compose_records,
    features_schema,
    features_writer,
    read_footer,
    read_marker,
)
from ae_pipeline.pipeline.destination import check_apart, claim
from ae_pipeline.pipeline.fit import fit_codec
from ae_pipeline.pipeline.fragments import Outcome, for_each_fragment
from ae_pipeline.pipeline.measure import fragment_schema
from ae_pipeline.pipeline.summary import summarize
from ae_pipeline.results import DatasetReport, FragmentResult, Progress, silent
from ae_pipeline.source import Fragment, Source, discover, fingerprint, read_records

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class EncodePlan:
    """What encoding needs to know once the codec is there and the destination is ours."""

    source: Source
    destination: Path
    codec: Codec
    latent_column: str
    force: bool


def encode(job: EncodeJob, progress: Progress = silent) -> DatasetReport:
    """Encode every fragment of the source; those that are current are left alone.

    Raises:
        AePipelineError: the job as a whole cannot run. Fragments that fail are in the report.
    """
    started = time.monotonic()
    plan = plan_encode(job, progress)
    outcome = for_each_fragment(
        plan.source.fragments,
        lambda fragment: encode_fragment(plan, fragment),
        workers=job.execution.workers,
        stage="encode",
        progress=progress,
    )
    return finish_encode(job, plan, outcome, started)


def finish_encode(
    job: EncodeJob, plan: EncodePlan, outcome: Outcome, started: float
) -> DatasetReport:
    """Sum up."""
    return summarize("encode", job.source, job.features, [plan.codec], outcome, started)


def plan_encode(job: EncodeJob, progress: Progress = silent) -> EncodePlan:
    """Find or fit the codec, check it against the source, claim the destination."""
    source = discover(job.source)
    destination = Path(job.features)
    check_apart(source, destination)
    codec = _find_codec(job, destination) or _fit_for(job, source, destination, progress)
    _check_some_fit(source, codec)
    features_schema(codec.schema.arrow, codec.schema, codec.latent_dim, job.latent_column)
    claim(destination, Marker("features", codec.id), job.execution.force)
    save_codec(codec, codec_directory(destination, codec.id))
    return EncodePlan(source, destination, codec, job.latent_column, job.execution.force)


def encode_fragment(plan: EncodePlan, fragment: Fragment) -> FragmentResult:
    """Encode one fragment unless its features are current.

    Raises:
        AePipelineError: of its data or the destination; `OSError` on I/O trouble.
    """
    path = plan.destination / fragment.relative
    identity = fingerprint(fragment)
    footer = _current_footer(path)
    is_current = footer is not None and (
        (footer.codec_id, footer.source_fingerprint, footer.latent_column)
        == (plan.codec.id, identity, plan.latent_column)
    )
    if is_current and not plan.force:
        return _result(plan, fragment, path, "current", ())
    started = time.process_time()
    warnings = _write_fragment(plan, fragment, path, identity)
    result = _result(plan, fragment, path, "written", warnings)
    logger.info(
        "encoded %s: %d rows, %d -> %d bytes (latents %d), %.2f CPU s",
        fragment.relative,
        result.n_rows,
        result.source_bytes,
        result.features_bytes,
        result.latent_bytes,
        time.process_time() - started,
    )
    return result


def _write_fragment(
    plan: EncodePlan, fragment: Fragment, path: Path, identity: str
) -> tuple[str, ...]:
    codec = plan.codec
    arrow = fragment_schema(fragment)
    codec.check_schema(arrow, fragment.relative)
    schema = features_schema(arrow, codec.schema, codec.latent_dim, plan.latent_column)
    own_schema = None if arrow.equals(codec.schema.arrow, check_metadata=True) else arrow
    footer = Footer(codec.id, identity, fragment.size_bytes, plan.latent_column, own_schema)
    varying: set[str] = set()
    with features_writer(path, schema, footer) as write:
        for records in _encoded_records(codec, fragment, schema, varying):
            write(records)
    return tuple(
        f"{fragment.relative}: column {name} was constant when the codec was fitted and is not "
        "here; it decodes to the constant"
        for name in codec.schema.features
        if name in varying
    )


def _encoded_records(
    codec: Codec, fragment: Fragment, schema: pa.Schema, varying: set[str]
) -> Iterator[pa.RecordBatch]:
    """Rows of the features fragment; names of constants that vary are added to `varying`."""
    features = codec.schema.features
    for records in read_records(fragment, rows_per_block(len(codec.schema.arrow))):
        block = records_to_block(records, features)
        differs = codec.differs_from_constant(block)
        varying.update(name for name, is_off in zip(features, differs, strict=True) if is_off)
        yield compose_records(records, codec.encode(block), block.missing, schema)


def _result(
    plan: EncodePlan, fragment: Fragment, path: Path, state: str, warnings: tuple[str, ...]
) -> FragmentResult:
    metadata = pq.read_metadata(path)
    return FragmentResult(
        relative=fragment.relative,
        partition=fragment.partition,
        state="written" if state == "written" else "current",
        n_rows=metadata.num_rows,
        source_bytes=fragment.size_bytes,
        features_bytes=path.stat().st_size,
        latent_bytes=column_bytes(metadata, plan.latent_column),
        warnings=warnings,
    )


def _current_footer(path: Path) -> Footer | None:
    """The footer of an existing features fragment; None if there is none to trust."""
    try:
        return read_footer(pq.read_metadata(path), str(path))
    except (OSError, pa.ArrowException, AePipelineError):
        return None


def _find_codec(job: EncodeJob, destination: Path) -> Codec | None:
    """The codec that was named, or the one the destination was encoded with."""
    if job.codec is not None:
        return load_codec(job.codec)
    marker = read_marker(destination)
    if marker is None or marker.codec_id is None or job.execution.force:
        return None
    return load_codec(codec_directory(destination, marker.codec_id))


def _fit_for(job: EncodeJob, source: Source, destination: Path, progress: Progress) -> Codec:
    """Fit a codec for this destination; claimed first, so that hours of training find it free."""
    claim(destination, Marker("features"), job.execution.force)
    return fit_codec(job, source, checkpoint_directory(destination), progress)


def _check_some_fit(source: Source, codec: Codec) -> None:
    """Raise the codec's complaint if not a single fragment suits it; else fragments tell."""
    complaint: AePipelineError | None = None
    for fragment in source.fragments:
        try:
            codec.check_schema(fragment_schema(fragment), fragment.relative)
        except (AePipelineError, OSError) as error:
            complaint = complaint or (error if isinstance(error, AePipelineError) else None)
        else:
            return
    if complaint is not None:
        raise complaint
