"""Encode: a source's fragments → features fragments, those that are missing or stale."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from ae_pipeline.blocks import records_to_block, rows_per_block
from ae_pipeline.codec import Codec, load_codec
from ae_pipeline.config import EncodeJob
from ae_pipeline.errors import AePipelineError
from ae_pipeline.features import (
    Footer,
    codec_directory,
    column_bytes,
    compose_records,
    features_schema,
    features_writer,
    read_footer,
)
from ae_pipeline.pipeline.encode_plan import EncodePlan, plan_encode
from ae_pipeline.pipeline.fragments import Outcome, for_each_fragment
from ae_pipeline.pipeline.measure import fragment_schema
from ae_pipeline.pipeline.summary import summarize
from ae_pipeline.results import DatasetReport, FragmentResult, Progress, State, silent
from ae_pipeline.source import Fragment, fingerprint, read_records

logger = logging.getLogger(__name__)


def encode(job: EncodeJob, progress: Progress = silent) -> DatasetReport:
    """Encode every fragment of the source; those that are current are left alone.

    Raises:
        AePipelineError: the job as a whole cannot run. Fragments that fail are in the report.
    """
    started = time.monotonic()
    plan = plan_encode(job, progress)
    outcome = encode_fragments(plan, job.execution.workers, progress)
    return finish_encode(job, plan, outcome, started)


def encode_fragments(plan: EncodePlan, workers: int, progress: Progress = silent) -> Outcome:
    """Encode the fragments of a plan in threads; failures are in the outcome."""
    codec = load_codec(codec_directory(Path(plan.destination), plan.codec_id))
    work = partial(_encode_fragment, plan, codec)
    return for_each_fragment(
        plan.fragments, work, workers=workers, stage="encode", progress=progress
    )


def finish_encode(
    job: EncodeJob, plan: EncodePlan, outcome: Outcome, started: float
) -> DatasetReport:
    """Sum up; `started` is `time.monotonic()` when the verb began."""
    codec = load_codec(codec_directory(Path(plan.destination), plan.codec_id))
    return summarize("encode", job.source, job.features, [codec], outcome, started)


def _encode_fragment(plan: EncodePlan, codec: Codec, fragment: Fragment) -> FragmentResult:
    """Encode one fragment unless its features are current."""
    path = Path(plan.destination) / fragment.relative
    identity = fingerprint(fragment)
    if not plan.force and _is_current(path, plan, identity):
        return _result(plan, fragment, path, "current", ())
    started = time.thread_time()
    warnings = _write_fragment(plan, codec, fragment, path, identity)
    result = _result(plan, fragment, path, "written", warnings)
    logger.info(
        "encoded %s: %d rows, %d -> %d bytes (latents %d), %.2f CPU s",
        fragment.relative,
        result.n_rows,
        result.source_bytes,
        result.features_bytes,
        result.latent_bytes,
        time.thread_time() - started,
    )
    return result


def _write_fragment(
    plan: EncodePlan, codec: Codec, fragment: Fragment, path: Path, identity: str
) -> tuple[str, ...]:
    """Write the features of a fragment; returns warnings."""
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
    plan: EncodePlan, fragment: Fragment, path: Path, state: State, warnings: tuple[str, ...]
) -> FragmentResult:
    metadata = pq.read_metadata(path)
    return FragmentResult(
        relative=fragment.relative,
        partition=fragment.partition,
        state=state,
        n_rows=metadata.num_rows,
        source_bytes=fragment.size_bytes,
        features_bytes=path.stat().st_size,
        latent_bytes=column_bytes(metadata, plan.latent_column),
        warnings=warnings,
    )


def _is_current(path: Path, plan: EncodePlan, identity: str) -> bool:
    """Whether the file there was encoded from this very fragment in this very way."""
    try:
        footer = read_footer(pq.read_metadata(path), str(path))
    except (OSError, pa.ArrowException, AePipelineError):
        return False
    return footer is not None and (
        (footer.codec_id, footer.source_fingerprint, footer.latent_column)
        == (plan.codec_id, identity, plan.latent_column)
    )
