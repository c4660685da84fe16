"""Errors of decoded columns: of each number, and of the direction of vectors."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Float64, UInt8

from ae_pipeline.blocks.block import Block, records_to_block
from ae_pipeline.coding import Promise, cosine_similarity
from ae_pipeline.columns import (
    ClassCounts,
    ErrorSums,
    Vectors,
    has_lanes,
    lane_names,
    measure_errors,
)

Promises = Sequence[Promise] | None


def errors_of(
    records: pa.RecordBatch,
    truth: pa.RecordBatch,
    names: Sequence[str],
    promises: Promises,
    categories: Collection[str] = (),
) -> ErrorSums:
    """Measure the errors of columns of `records`, those of vectors over all their numbers.

    Args:
        records: decoded.
        truth: the same rows of the source.
        names: of the columns.
        promises: one per column, or None if nothing was promised.
        categories: columns that are neither numbers nor vectors.
    """
    parts = []
    known = dict(zip(names, promises or (), strict=False))
    for sort, run in groupby(names, lambda name: _sort_of(name, truth, categories)):
        own = list(run)
        if sort == "numbers":
            chosen = None if promises is None else [known[name] for name in own]
            parts.append(_of_numbers(records, truth, own, chosen))
        elif sort == "vectors":
            parts += [_of_vectors(records, truth, name, known.get(name)) for name in own]
        else:
            parts += [_of_categories(records.column(name), truth.column(name)) for name in own]
    return ErrorSums.side_by_side(parts) if parts else ErrorSums.empty(0)


def _sort_of(
    name: str, truth: pa.RecordBatch, categories: Collection[str]
) -> Literal["numbers", "vectors", "categories"]:
    if name in categories:
        return "categories"
    return "vectors" if has_lanes(truth.schema.field(name).type) else "numbers"


def _of_categories(ours: pa.Array, theirs: pa.Array) -> ErrorSums:
    n_mismatched = pc.sum(pc.not_equal(ours.is_null(), theirs.is_null())).as_py() or 0
    return ErrorSums.of_classes(ClassCounts.of(theirs, ours), n_mismatched)


def cosines(ours: pa.Array, theirs: pa.Array) -> Float64[np.ndarray, "rows"]:
    """Return the cosine of each pair of vectors that are not null, NaN where there is none.

    Numbers that are null count as 0.
    """
    is_valid = theirs.is_valid().to_numpy(zero_copy_only=False)
    left, right = (_filled(Vectors.of(one))[is_valid] for one in (theirs, ours))
    return cosine_similarity(left, right)


def _of_numbers(
    records: pa.RecordBatch, truth: pa.RecordBatch, names: Sequence[str], promises: Promises
) -> ErrorSums:
    ours, theirs = records_to_block(records, names), records_to_block(truth, names)
    n_mismatched = (_reasons(ours) != _reasons(theirs)).sum(axis=1)
    return measure_errors(theirs.values, ours.values, n_mismatched, promises)


def _of_vectors(
    records: pa.RecordBatch, truth: pa.RecordBatch, name: str, promise: Promise | None
) -> ErrorSums:
    lanes = lane_names(name, truth.schema.field(name).type)
    ours, theirs = records_to_block(records, lanes), records_to_block(truth, lanes)
    n_mismatched = (_reasons(ours) != _reasons(theirs)).sum(keepdims=True).reshape(1)
    own = None if promise is None else [promise]
    source, decoded = (block.values.reshape(1, -1) for block in (theirs, ours))
    found = measure_errors(source, decoded, n_mismatched, own)
    if promise is None or not promise.cosine or found.maximum[0] == 0:
        return found
    similar = cosines(records.column(name), truth.column(name))
    least = float(np.nanmin(similar, initial=1.0))
    share = (1.0 - least) / (1.0 - promise.cosine) if promise.cosine < 1 else np.inf
    return replace(found, to_tolerance=np.array([share]))


def _filled(vectors: Vectors) -> np.ndarray:
    if vectors.is_number is None:
        return vectors.numbers
    return np.where(vectors.is_number, vectors.numbers, vectors.numbers.dtype.type(0))


def _reasons(block: Block) -> UInt8[np.ndarray, "features rows"]:
    return np.zeros(block.values.shape, np.uint8) if block.missing is None else block.missing
