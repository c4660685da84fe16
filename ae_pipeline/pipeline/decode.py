"""Decode: features fragments → tables of the source's schema, and their errors."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Mapping
from functools import partial, reduce
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from ae_pipeline.blocks import block_to_arrays, rows_per_block
from ae_pipeline.codec import Codec, load_codec
from ae_pipeline.config import DecodeJob
from ae_pipeline.errors import CorruptFragmentError
from ae_pipeline.features import (
    Footer,
    column_bytes,
    read_footer,
    report_directory,
    split_records,
    table_writer,
)
from ae_pipeline.metrics import ErrorSums
from ae_pipeline.pipeline.compare import find_original, paired, record_errors
from ae_pipeline.pipeline.decode_plan import DecodePlan, plan_decode
from ae_pipeline.pipeline.fragments import Outcome, for_each_fragment
from ae_pipeline.pipeline.summary import summarize, write_metrics
from ae_pipeline.results import DatasetReport, FragmentResult, Progress, silent
from ae_pipeline.source import Fragment, open_fragment, read_records, rebatch

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


def decode_fragments(plan: DecodePlan, workers: int, progress: Progress = silent) -> Outcome:
    """Decode the fragments of a plan in threads; failures are in the outcome."""
    codecs = {name: load_codec(directory) for name, directory in plan.codecs.items()}
    work = partial(_decode_fragment, plan, codecs)
    return for_each_fragment(
        plan.fragments, work, workers=workers, stage="decode", progress=progress
    )


def finish_decode(
    job: DecodeJob, plan: DecodePlan, outcome: Outcome, started: float
) -> DatasetReport:
    """Sum up, and write the metrics table if there was something to compare."""
    codecs = [load_codec(directory) for directory in plan.codecs.values()]
    report = summarize("decode", job.features, job.decoded, codecs, outcome, started)
    if report.total.metrics is not None:
        write_metrics(report, report_directory(Path(plan.destination)) / "metrics.parquet")
    return report


def _decode_fragment(
    plan: DecodePlan, codecs: Mapping[str, Codec], fragment: Fragment
) -> FragmentResult:
    """Reconstruct one fragment and measure its errors."""
    started = time.thread_time()
    with open_fragment(fragment) as file:
        metadata = file.metadata
    footer = _require_footer(metadata, fragment)
    codec = _require_codec(codecs, footer, fragment)
    original = find_original(plan.source, footer, fragment)
    path = Path(plan.destination) / fragment.relative
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
        time.thread_time() - started,
    )
    return result


def _write_fragment(
    codec: Codec, footer: Footer, fragment: Fragment, original: Fragment | None, path: Path
) -> ErrorSums | None:
    """Write the reconstruction; error sums per column, None without an original."""
    schema = footer.schema or codec.schema.arrow
    n_rows = rows_per_block(len(schema))
    decoded = _decoded_records(codec, footer, fragment, schema, n_rows)
    with table_writer(path, schema) as write:
        if original is None:
            for records in decoded:
                write(records)
            return None
        features = codec.schema.features
        sums: list[ErrorSums] = []
        for records, truth in paired(decoded, original, features, n_rows):
            write(records)
            sums.append(record_errors(records, truth, features))
    return reduce(ErrorSums.merge, sums, ErrorSums.empty(len(features)))


def _decoded_records(
    codec: Codec, footer: Footer, fragment: Fragment, schema: pa.Schema, n_rows: int
) -> Iterator[pa.RecordBatch]:
    features = codec.schema.features
    for records in rebatch(read_records(fragment, n_rows), n_rows):
        parts = split_records(
            records, footer.latent_column, codec.latent_dim, len(features), fragment.relative
        )
        block = codec.decode(parts.latents, parts.missing)
        arrays = block_to_arrays(block, codec.schema.feature_types)
        columns = {**parts.kept, **dict(zip(features, arrays, strict=True))}
        yield pa.RecordBatch.from_arrays([columns[name] for name in schema.names], schema=schema)


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


def _require_codec(codecs: Mapping[str, Codec], footer: Footer, fragment: Fragment) -> Codec:
    if footer.codec_id not in codecs:
        raise CorruptFragmentError(
            "its codec is not at hand",
            where=fragment.relative,
            expected=footer.codec_id,
            got=", ".join(codecs),
            remedy="encode it again",
        )
    return codecs[footer.codec_id]
