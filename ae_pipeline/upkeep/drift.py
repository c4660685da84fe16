"""Drift: a sample of what is new, held against what the codec was fitted to."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TypeVar

import numpy as np
import pyarrow as pa

from ae_pipeline.blocks.block import records_to_block
from ae_pipeline.codec.archive import ArchiveCodec
from ae_pipeline.columns import stability_index
from ae_pipeline.config.job import EncodeJob
from ae_pipeline.config.upkeep import DriftConfig
from ae_pipeline.dataset import Fragment, Source, list_row_groups, read_records
from ae_pipeline.errors import AePipelineError
from ae_pipeline.results.backfill import BackfillPlan
from ae_pipeline.results.drift import DriftReport, PartitionDrift
from ae_pipeline.results.progress import Progress, ProgressEvent, silent

logger = logging.getLogger(__name__)

_Item = TypeVar("_Item")

#: Rows of a partition that are looked at: this share, but not fewer and not more.
_SHARE, _FEWEST, _MOST = 8, 1 << 12, 1 << 16
#: Fragments and row groups that they come from, evenly spread.
_PLACES = 8
#: Fewer rows are mostly the overhead of a block: their bytes say nothing.
_LEAST_JUDGED = 1 << 10


@dataclass(frozen=True)
class NewRows:
    """A sample of one partition.

    Args:
        partition: its folders.
        n_rows: of all its new fragments.
        records: feature columns of the sample.
    """

    partition: str
    n_rows: int
    records: pa.RecordBatch

    def coded_bytes(self, codec: ArchiveCodec) -> int:
        """Payload of the sample."""
        starts = range(0, len(self.records), codec.block_rows)
        blocks = (self.records.slice(start, codec.block_rows) for start in starts)
        return sum(len(codec.encode(block).to_bytes()) for block in blocks)


def measure_drift(
    job: EncodeJob,
    plan: BackfillPlan,
    source: Source,
    codec: ArchiveCodec,
    progress: Progress = silent,
) -> DriftReport:
    """Bytes per row and shift of every partition with fragments that are selected.

    Args:
        job: with thresholds in `drift`.
        plan: what is new.
        source: of the job.
        codec: what new data is compared with.
        progress: told of every partition.
    """
    partitions = new_fragments(plan, source)
    found: list[PartitionDrift] = []
    for done, (partition, fragments) in enumerate(partitions):
        progress(ProgressEvent("drift", done, len(partitions), partition))
        rows = sample_rows(partition, fragments, codec)
        if rows is not None:
            found.append(judge(rows, codec, job.drift))
    progress(ProgressEvent("drift", len(partitions), len(partitions)))
    return DriftReport(codec.id, job.drift.action, tuple(found))


def tell_drift(report: DriftReport) -> None:
    """A warning for each partition that has drifted."""
    for one in report.partitions:
        if one.is_grown or one.is_shifted:
            logger.warning(
                "drift in %s: %.3g bytes/row, promised %.3g; %s shifted by %.3g",
                *(one.partition, one.bytes_per_row, one.expected or np.nan),
                *(one.worst_column or "nothing", one.shift),
            )


def new_fragments(plan: BackfillPlan, source: Source) -> list[tuple[str, list[Fragment]]]:
    """Return the selected fragments, partition by partition."""
    known = {fragment.relative: fragment for fragment in source.fragments}
    chosen = [known[one.relative] for one in plan.selected if one.relative in known]
    ordered = sorted(chosen, key=lambda fragment: fragment.partition)
    return [(name, list(group)) for name, group in groupby(ordered, lambda one: one.partition)]


def sample_rows(
    partition: str, fragments: Sequence[Fragment], codec: ArchiveCodec
) -> NewRows | None:
    """Runs of rows from everywhere; None if there are none, or none that can be read.

    Fragments that cannot be read are left out: encoding will complain of them.
    """
    n_rows, batches = 0, []
    for fragment in fragments:
        try:
            n_rows += sum(group.n_rows for group in list_row_groups([fragment]))
        except (AePipelineError, OSError, pa.ArrowException):
            logger.debug("%s cannot be sampled", fragment.relative)
    wanted = int(np.clip(n_rows // _SHARE, _FEWEST, _MOST))
    for fragment in _spread(fragments):
        try:
            batches += list(_runs(fragment, codec, wanted // min(len(fragments), _PLACES)))
        except (AePipelineError, OSError, KeyError, pa.ArrowException):
            continue
    if not any(len(batch) for batch in batches):
        return None
    table = pa.Table.from_batches(batches).combine_chunks()
    return NewRows(partition, n_rows, table.to_batches()[0])


def _runs(fragment: Fragment, codec: ArchiveCodec, n_rows: int) -> Iterator[pa.RecordBatch]:
    """The beginnings of row groups of one fragment, about so many rows in all."""
    groups = list_row_groups([fragment])
    share = n_rows / max(sum(group.n_rows for group in groups), 1)
    groups = _spread(groups, max(_PLACES, math.ceil(share * len(groups))))
    run = max(1, n_rows // max(len(groups), 1))
    for group in groups:
        records = read_records(fragment, run, codec.schema.features, [group.index])
        yield from (batch.slice(0, run) for batch in [next(records, None)] if batch is not None)


def _spread(items: Sequence[_Item], most: int = _PLACES) -> list[_Item]:
    """The first, the last, and some between."""
    places = np.linspace(0, len(items) - 1, min(len(items), most)).round().astype(int)
    return [items[place] for place in np.unique(places)]


def judge(rows: NewRows, codec: ArchiveCodec, config: DriftConfig) -> PartitionDrift:
    """How far the rows are from what a codec was fitted to."""
    n_rows = len(rows.records)
    rate, expected = rows.coded_bytes(codec) / n_rows, expected_rate(codec)
    column, shift = _worst_shift(rows.records, codec)
    is_grown = expected is not None and rate > config.growth * expected
    return PartitionDrift(
        partition=rows.partition,
        codec_id=codec.id,
        n_rows=n_rows,
        bytes_per_row=rate,
        expected=expected,
        worst_column=column,
        shift=shift,
        is_shifted=shift > config.shift,
        is_grown=is_grown and n_rows >= _LEAST_JUDGED,
    )


def expected_rate(codec: ArchiveCodec) -> float | None:
    """Payload bytes per row that the plan measured; None if there is no plan."""
    provenance = codec.provenance
    chosen = next((one for one in provenance.plan if one.is_chosen), None)
    return None if chosen is None else chosen.payload_bytes / max(provenance.n_rows, 1)


def _worst_shift(records: pa.RecordBatch, codec: ArchiveCodec) -> tuple[str, float]:
    """The column that shifted most; nothing where the fit left no reference."""
    references = codec.provenance.references
    names = codec.schema.features
    if len(references) != len(names):
        return "", 0.0
    values = records_to_block(records, names).values
    shifts = [stability_index(*pair) for pair in zip(references, values, strict=True)]
    worst = int(np.argmax(shifts))
    return names[worst], float(shifts[worst])
