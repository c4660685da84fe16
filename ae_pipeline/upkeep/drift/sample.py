"""Sample new rows, partition by partition; drift is judged by these samples."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, islice

import numpy as np
import pyarrow as pa

from ae_pipeline.codec.archive import ArchiveCodec
from ae_pipeline.dataset import (
    Fragment,
    Source,
    list_row_groups,
    open_footer,
    read_records,
    rebatch,
)
from ae_pipeline.errors import AePipelineError
from ae_pipeline.fitting import spread_items
from ae_pipeline.results.backfill import BackfillPlan

logger = logging.getLogger(__name__)

#: A sample has one in eight rows of a partition, within these bounds.
_ROWS_PER_SAMPLED, _FEWEST, _MOST = 8, 1 << 12, 1 << 16
#: Fragments, and row groups of each, that a sample comes from; and bytes of each fragment's share.
_PLACES, _MOST_BYTES = 8, 1 << 24


@dataclass(frozen=True)
class NewRows:
    """A sample of one partition.

    Args:
        partition: its folders.
        n_rows: rows of all its new fragments.
        records: the columns of the sample that the codec codes.
    """

    partition: str
    n_rows: int
    records: pa.RecordBatch

    def coded_bytes(self, codec: ArchiveCodec) -> int:
        """Return the payload of the sample, in bytes."""
        starts = range(0, len(self.records), codec.block_rows)
        blocks = (self.records.slice(start, codec.block_rows) for start in starts)
        return sum(len(codec.encode(block).to_bytes()) for block in blocks)

    def bytes_per_row(self, codec: ArchiveCodec) -> float:
        """Return the payload per row of the sample."""
        return self.coded_bytes(codec) / len(self.records)


def new_fragments(plan: BackfillPlan, source: Source) -> dict[str, list[Fragment]]:
    """Return the selected fragments of a source, by partition and in order."""
    known = {fragment.relative: fragment for fragment in source.fragments}
    chosen = [known[one.relative] for one in plan.selected if one.relative in known]
    ordered = sorted(chosen, key=lambda fragment: fragment.partition)
    return {name: list(group) for name, group in groupby(ordered, lambda one: one.partition)}


def sample_rows(
    partition: str, fragments: Sequence[Fragment], codec: ArchiveCodec
) -> NewRows | None:
    """Sample runs of rows from all over a partition; None if it has no readable rows.

    Unreadable fragments are left out: encoding reports them.
    """
    n_rows = _count_rows(fragments)
    wanted = int(np.clip(n_rows // _ROWS_PER_SAMPLED, _FEWEST, _MOST))
    per_fragment = wanted // max(min(len(fragments), _PLACES), 1)
    batches: list[pa.RecordBatch] = []
    for fragment in spread_items(fragments, _PLACES):
        try:
            batches += list(_runs(fragment, codec, per_fragment))
        except (AePipelineError, OSError, KeyError, pa.ArrowException):
            continue
    if not any(len(batch) for batch in batches):
        return None
    return NewRows(partition, n_rows, _joined(batches))


def _joined(batches: Sequence[pa.RecordBatch]) -> pa.RecordBatch:
    """Join batches by the columns that all of them have, each with one type."""
    shared = [
        field.name
        for field in batches[0].schema
        if all(field.name in one.schema.names for one in batches)
        and len({one.schema.field(field.name).type for one in batches}) == 1
    ]
    tables = [pa.Table.from_batches([one.select(shared)]) for one in batches]
    table = pa.concat_tables(tables, promote_options="default").combine_chunks()
    return table.to_batches()[0]


def _count_rows(fragments: Sequence[Fragment]) -> int:
    """Rows of all fragments that can be read."""
    n_rows = 0
    for fragment in fragments:
        try:
            n_rows += sum(group.n_rows for group in list_row_groups([fragment]))
        except (AePipelineError, OSError, pa.ArrowException):
            logger.debug("%s cannot be sampled", fragment.relative)
    return n_rows


def _runs(fragment: Fragment, codec: ArchiveCodec, n_rows: int) -> Iterator[pa.RecordBatch]:
    """Yield the first rows of evenly spaced row groups of a fragment, about `n_rows` in all."""
    groups = list_row_groups([fragment])
    with open_footer(fragment) as file:
        coded = codec.coded_in(file.schema_arrow)
        columns = [name for name in file.schema_arrow.names if name in coded]
    share = n_rows / max(sum(group.n_rows for group in groups), 1)
    groups = spread_items(groups, max(_PLACES, math.ceil(share * len(groups))))
    run = max(1, n_rows // max(len(groups), 1))
    n_bytes = _MOST_BYTES // max(len(groups), 1)
    for group in groups:
        records = read_records(fragment, run, columns, [group.index], n_bytes)
        yield from islice(rebatch(records, run, n_bytes), 1)
