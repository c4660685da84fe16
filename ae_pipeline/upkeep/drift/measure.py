"""Compare a sample of new rows with what the codec was fitted to: bytes per row, distributions."""

from __future__ import annotations

import logging
from functools import partial

import numpy as np
import pyarrow as pa

from ae_pipeline.blocks.block import records_to_block
from ae_pipeline.codec.archive import ArchiveCodec
from ae_pipeline.columns import stability_index
from ae_pipeline.config.job import EncodeJob
from ae_pipeline.config.upkeep import DriftConfig
from ae_pipeline.dataset import Source
from ae_pipeline.results.backfill import BackfillPlan
from ae_pipeline.results.drift import DriftReport, PartitionDrift
from ae_pipeline.results.progress import Progress, silent
from ae_pipeline.upkeep.drift.partitions import SampleWork, use_samples
from ae_pipeline.upkeep.drift.sample import NewRows, new_fragments

logger = logging.getLogger(__name__)

#: The bytes of smaller samples are mostly the overhead of a block, and say nothing of growth.
_FEWEST_JUDGED = 1 << 10


def measure_drift(
    job: EncodeJob,
    plan: BackfillPlan,
    source: Source,
    codec: ArchiveCodec,
    progress: Progress = silent,
) -> DriftReport:
    """Measure bytes per row and shift in every partition that has selected fragments.

    Args:
        job: with thresholds in `drift`.
        plan: which fragments are new.
        source: the source of the job.
        codec: the codec in use, which new rows are compared with.
        progress: called after every partition.
    """
    work = SampleWork(source.folders, codec, partial(judge, codec=codec, config=job.drift))
    found = use_samples(work, new_fragments(plan, source), job.execution, progress)
    return DriftReport(codec.id, job.drift.action, tuple(found.values()))


def warn_of_drift(report: DriftReport) -> None:
    """Log a warning for each partition that has drifted."""
    for one in report.partitions:
        if one.is_grown or one.is_shifted:
            logger.warning(
                "drift in %s: %.3g bytes/row, promised %.3g; %s shifted by %.3g",
                *(one.partition, one.bytes_per_row, one.expected or np.nan),
                *(one.worst_column or "nothing", one.shift),
            )


def judge(rows: NewRows, codec: ArchiveCodec, config: DriftConfig) -> PartitionDrift:
    """Compare rows with what a codec expects.

    Args:
        rows: a sample of one partition.
        codec: the codec that would encode it.
        config: thresholds.
    """
    rate, expected = rows.bytes_per_row(codec), expected_rate(codec)
    shifts = _shifts(rows.records, codec)
    column = max(shifts, key=lambda name: shifts[name], default="")
    shift = shifts.get(column, 0.0)
    is_grown = expected is not None and rate > config.growth * expected
    return PartitionDrift(
        partition=rows.partition,
        codec_id=codec.id,
        n_rows=len(rows.records),
        bytes_per_row=rate,
        expected=expected,
        worst_column=column,
        shift=shift,
        is_shifted=shift > config.shift,
        is_grown=is_grown and len(rows.records) >= _FEWEST_JUDGED,
        shifts=shifts,
    )


def expected_rate(codec: ArchiveCodec) -> float | None:
    """Return the payload bytes per row that the plan measured, or None without a plan."""
    provenance = codec.provenance
    chosen = next((one for one in provenance.plan if one.is_chosen), None)
    return None if chosen is None else chosen.payload_bytes / max(provenance.n_rows, 1)


def _lanes_of(codec: ArchiveCodec) -> list[tuple[str, ...]]:
    """Return the lanes of each feature column; those of vectors are judged together."""
    schema = codec.schema
    return [schema.lanes[numbers.start : numbers.stop] for numbers in schema.spans]


def _shifts(records: pa.RecordBatch, codec: ArchiveCodec) -> dict[str, float]:
    """Return the index of each feature column, by name; none without references of all."""
    references = codec.provenance.references
    names = codec.schema.features
    if len(references) != len(names):
        return {}
    shifts = (
        stability_index(reference, records_to_block(records, lanes).values.reshape(-1))
        for reference, lanes in zip(references, _lanes_of(codec), strict=True)
    )
    return dict(zip(names, map(float, shifts), strict=True))
