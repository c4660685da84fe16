"""Decode: encoded fragments → tables of the source's schema, and their errors.

Verify is decode without a destination.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from contextlib import nullcontext
from functools import partial, reduce
from pathlib import Path

import pyarrow as pa

from ae_pipeline.blocks import rows_per_block
from ae_pipeline.config import DecodeJob, VerifyJob
from ae_pipeline.errors import CorruptFragmentError
from ae_pipeline.metrics import ErrorSums
from ae_pipeline.pipeline.coders import require_footer
from ae_pipeline.pipeline.compare import (
    check_kept,
    find_original,
    paired,
    record_errors,
    spare_source,
)
from ae_pipeline.pipeline.decode_plan import DecodePlan, plan_decode, plan_verify
from ae_pipeline.pipeline.fragments import Outcome, for_each_fragment
from ae_pipeline.pipeline.promise import check_promise
from ae_pipeline.pipeline.summary import summarize, write_metrics
from ae_pipeline.results import DatasetReport, FragmentResult, Progress, silent
from ae_pipeline.source import Fragment, open_fragment, reading_errors
from ae_pipeline.storage import Coder, Footer, Write, report_directory, table_writer

logger = logging.getLogger(__name__)


def decode(job: DecodeJob, progress: Progress = silent) -> DatasetReport:
    """Reconstruct every fragment; compare with the source if it is given.

    Raises:
        AePipelineError: the job as a whole cannot run. Fragments that fail are in the report.
    """
    started = time.monotonic()
    plan = plan_decode(job)
    outcome = decode_fragments(plan, job.execution.workers, progress)
    return finish_decode(job, plan, outcome, started)


def verify(job: VerifyJob, progress: Progress = silent) -> DatasetReport:
    """Decode every fragment of an archive and, with a source, hold every value to its promise.

    Raises:
        AePipelineError: the job as a whole cannot run. Fragments that fail are in the report.
    """
    started = time.monotonic()
    plan = plan_verify(job.archive, job.source, job.codec)
    outcome = decode_fragments(plan, job.execution.workers, progress)
    return finish_verify(job, plan, outcome, started)


def decode_fragments(plan: DecodePlan, workers: int, progress: Progress = silent) -> Outcome:
    """Decode the fragments of a plan in threads; failures are in the outcome."""
    stage = "verify" if plan.destination is None else "decode"
    work = partial(_decode_fragment, plan, plan.open_coders())
    return for_each_fragment(plan.fragments, work, workers=workers, stage=stage, progress=progress)


def finish_decode(
    job: DecodeJob, plan: DecodePlan, outcome: Outcome, started: float
) -> DatasetReport:
    """Sum up, and write the metrics table if there was something to compare."""
    coders = list(plan.open_coders().values())
    encoded = job.archive or job.features or ""
    report = summarize("decode", encoded, job.decoded, coders, outcome, started)
    if report.total.metrics is not None:
        write_metrics(report, report_directory(Path(job.decoded)) / "metrics.parquet")
    return report


def finish_verify(
    job: VerifyJob, plan: DecodePlan, outcome: Outcome, started: float
) -> DatasetReport:
    """Sum up."""
    coders = list(plan.open_coders().values())
    source = job.source or "nothing but its checksums"
    return summarize("verify", job.archive, source, coders, outcome, started)


def _decode_fragment(
    plan: DecodePlan, coders: Mapping[str, Coder], fragment: Fragment
) -> FragmentResult:
    """Reconstruct one fragment and measure its errors."""
    started = time.thread_time()
    with open_fragment(fragment) as file:
        metadata = file.metadata
    footer = require_footer(metadata, fragment)
    coder = _require_coder(coders, footer, fragment)
    with reading_errors(fragment):
        payload_bytes = coder.payload_bytes(metadata, footer)
    original = find_original(plan.source, footer, fragment)
    path = None if plan.destination is None else Path(plan.destination) / fragment.relative
    if path is not None:
        spare_source(path, footer, fragment)
    schema = footer.schema or coder.schema.arrow
    with nullcontext(_discard) if path is None else table_writer(path, schema) as write:
        errors = _copy(coder, footer, fragment, original, write)
    result = FragmentResult(
        relative=fragment.relative,
        partition=fragment.partition,
        state="written",
        n_rows=metadata.num_rows,
        source_bytes=footer.source_bytes,
        encoded_bytes=fragment.size_bytes,
        payload_bytes=payload_bytes,
        decoded_bytes=0 if path is None else path.stat().st_size,
        errors=errors,
        ledger=dict(footer.ledger or {}),
    )
    logger.info(
        "decoded %s: %d rows, %d bytes, %.2f CPU s",
        fragment.relative,
        result.n_rows,
        result.decoded_bytes,
        time.thread_time() - started,
    )
    return result


def _copy(
    coder: Coder, footer: Footer, fragment: Fragment, original: Fragment | None, write: Write
) -> ErrorSums | None:
    """Pass the reconstruction to `write`; error sums per column, None without an original."""
    n_rows = rows_per_block(len(coder.schema.arrow))
    decoded = coder.read(fragment, footer, n_rows)
    if original is None:
        for records in decoded:
            write(records)
        return None
    features = coder.schema.features
    sums: list[ErrorSums] = []
    for records, truth in paired(decoded, original, n_rows):
        write(records)
        check_kept(records, truth, coder.schema.kept, fragment.relative)
        check_promise(coder, records, truth, fragment.relative)
        sums.append(record_errors(records, truth, features))
    return reduce(ErrorSums.merge, sums, ErrorSums.empty(len(features)))


def _discard(records: pa.RecordBatch) -> None:
    """Where verify writes to."""


def _require_coder(coders: Mapping[str, Coder], footer: Footer, fragment: Fragment) -> Coder:
    if footer.codec_id not in coders:
        raise CorruptFragmentError(
            "its codec is not at hand",
            where=fragment.relative,
            expected=footer.codec_id,
            got=", ".join(coders),
            remedy="encode it again",
        )
    return coders[footer.codec_id]
