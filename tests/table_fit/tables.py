"""Small tables to learn from, and what their streams take once they are learned."""

from __future__ import annotations

import numpy as np
from jaxtyping import Int64

from ae_pipeline.mapping.subcolumn import Sequence, SubColumn
from ae_pipeline.table.known import KnownRows
from ae_pipeline.table.subcolumn_coder import SubColumnCoder
from ae_pipeline.table_fit.fit import FittedTable
from ae_pipeline.table_fit.sample import TableSample

Integers = Int64[np.ndarray, "_"]


def sample_of(columns: list[SubColumn], integers: list[Integers]) -> TableSample:
    """A sample of one run in which all rows have all integers."""
    sequences = {
        column.name: Sequence(values.astype(np.int64), None)
        for column, values in zip(columns, integers, strict=True)
    }
    return TableSample(tuple(columns), sequences, np.zeros(1, np.int64), {}, 1.0)


def numbers(**integers: Integers) -> TableSample:
    """A sample of plain numbers."""
    return sample_of([SubColumn(name, name, "number") for name in integers], [*integers.values()])


def stream_bytes(fitted: FittedTable, sample: TableSample) -> dict[str, int]:
    """Encode the table as one block, decode and compare it; the bytes of each modelled stream."""
    columns = {column.name: column for column in sample.columns}
    known: dict[str, KnownRows] = {}
    sizes: dict[str, int] = {}
    models = {model.name: model for model in fitted.model.models}
    for name in fitted.model.order:
        column, sequence = columns[name], sample.sequences[name]
        starts = sample.item_starts[column.space] if column.space else sample.starts
        rows = known.setdefault(column.space, KnownRows(len(sequence.integers), columns, starts))
        if name in models:
            coder = SubColumnCoder(models[name])
            content = coder.encode(rows, sequence)
            decoded = coder.decode(content, rows, sequence.live)
            assert np.array_equal(decoded, sequence.integers), name
            sizes[name] = len(content)
        rows.add(name, sequence)
    return sizes
