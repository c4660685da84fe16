"""Look for fragments that repeat each other, and learn to keep the rows of some of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby, islice

import numpy as np
import pyarrow as pa

from ae_pipeline.dataset import Fragment, RowGroup, Source, read_records, rebatch
from ae_pipeline.fitting.table_sample import SampledTable, with_columns
from ae_pipeline.mapping import Sequence as Integers
from ae_pipeline.mapping import SubColumn
from ae_pipeline.table import TableModel
from ae_pipeline.table.references import References, hint_of, pack_references
from ae_pipeline.table_fit import TableSample, choose_references, find_key, fit_table

#: Fragments that are compared, values of them all, and bytes of one.
_MOST_FRAGMENTS, _MOST_VALUES, _MOST_BYTES = 16, 1 << 23, 1 << 26
#: Bytes that a sub-column worth keeping costs at least, and part of its direct bytes.
_LEAST_BYTES, _COSTLY = 2048, 0.25


def find_references(
    sampled: SampledTable, source: Source, groups: Sequence[RowGroup], budget_s: float
) -> References | None:
    """Return rows that other fragments repeat, None if too few do.

    Args:
        sampled: mappings of the columns.
        source: of the row groups.
        groups: row groups to compare.
        budget_s: seconds of a present-day core to find out what columns cost without references.
    """
    schema = sampled.codec.schema
    wanted = list(dict.fromkeys((*schema.features, *sampled.names)))
    suited = with_columns(source, groups, schema, wanted)
    fragments = [fragment for fragment, _ in groupby(suited, lambda group: group.fragment)]
    if len(fragments) < 2:
        return None
    chosen = _evenly(fragments)
    n_rows = max(1, _MOST_VALUES // (len(chosen) * max(len(wanted), 1)))
    found: list[dict[str, Integers]] = []
    for rows in _heads(chosen, wanted, n_rows):
        found.append(sampled.sequences_of(rows))
        # Two that share no key are enough to stop at: most sources have no rows in common.
        if len(found) == 2 and find_key(sampled.columns, found) is None:
            return None
    key = find_key(sampled.columns, found) if len(found) > 1 else None
    if key is None:
        return None
    share = len(fragments) / len(chosen) * sampled.growth
    return choose_references(
        sampled.columns, found, key, partial(_costly, sampled, budget_s), share
    )


def _costly(sampled: SampledTable, budget_s: float) -> list[str]:
    """Return the sub-columns of which no other ones say most, and whose hints have a name."""
    schema = sampled.codec.schema
    taken = {*schema.arrow.names, *schema.lanes}
    costs = fit_table(sampled.subcolumns(), budget_s).costs.items()
    return [
        name
        for name, cost in costs
        if cost.coded_bytes > max(_LEAST_BYTES, _COSTLY * cost.direct_bytes)
        and hint_of(name) not in taken
    ]


@dataclass(frozen=True)
class FittedReferences:
    """References and how they are coded.

    Args:
        references: rows that are kept.
        model: of their sub-columns.
    """

    references: References
    model: TableModel

    def pack(self, columns: Sequence[SubColumn]) -> bytes:
        """Pack them for a table of these sub-columns, theirs among them."""
        return pack_references(self.references, self.model, columns)


def fit_references(
    references: References, columns: Sequence[SubColumn], budget_s: float
) -> FittedReferences:
    """Learn how to code references.

    Args:
        references: to code.
        columns: of the table.
        budget_s: seconds of a present-day core to learn for.
    """
    kept = tuple(one for one in columns if one.name in references.sequences)
    starts = np.cumsum(references.sizes) - np.array(references.sizes)
    sample = TableSample(kept, references.sequences, starts, {}, 1.0)
    return FittedReferences(references, fit_table(sample, budget_s).model)


def _evenly(fragments: Sequence[Fragment]) -> list[Fragment]:
    places = np.linspace(0, len(fragments) - 1, min(_MOST_FRAGMENTS, len(fragments)))
    return [fragments[place] for place in np.unique(places.round().astype(int)).tolist()]


def _heads(
    fragments: Sequence[Fragment], columns: Sequence[str], n_rows: int
) -> Iterator[pa.RecordBatch]:
    """Yield the first rows of each fragment."""
    for fragment in fragments:
        records = read_records(fragment, n_rows, columns, most_bytes=_MOST_BYTES)
        yield from islice(rebatch(records, n_rows, _MOST_BYTES), 1)
