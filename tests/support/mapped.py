"""Promises that all mappings keep: integers as their sub-columns say, and every value back."""

from __future__ import annotations

import json

import numpy as np
import pyarrow as pa

from ae_pipeline.mapping.base import Mapping, Split
from ae_pipeline.mapping.fitting import fit_mapping
from ae_pipeline.mapping.record import mapping_from_json, mapping_to_json
from ae_pipeline.mapping.subcolumn import Sequence, live_rows


def check_round_trip(mapping: Mapping, array: pa.Array) -> Split:
    """Split and join a column, also with the mapping read from its record."""
    split = mapping.split(array)
    if not split.is_whole:
        check_sequences(mapping, split, len(array))
    tree = json.loads(json.dumps(mapping_to_json(mapping)))
    again = mapping_from_json(tree, mapping.column, mapping.type, mapping.tables)
    assert again.subcolumns == mapping.subcolumns
    for one in (mapping, again):
        check_same(one.join(split.sequences, split.side, split.is_whole, len(array)), array)
    return split


def check_sequences(mapping: Mapping, split: Split, n_rows: int) -> None:
    """Every sub-column has its integers: one per row of its space, 0 where it has none."""
    known: dict[str, Sequence] = {}
    assert len({one.name for one in mapping.subcolumns}) == len(mapping.subcolumns)
    for column in mapping.subcolumns:
        sequence = split.sequences[column.name]
        size = int(known[column.space].integers.sum()) if column.space else n_rows
        assert sequence.integers.dtype == np.int64
        assert len(sequence.integers) == size
        assert column.column == mapping.column
        live = live_rows(column, known)
        assert (live is None) == (sequence.live is None)
        if live is not None and sequence.live is not None:
            assert np.array_equal(live, sequence.live)
            assert not sequence.integers[~live].any()
        known[column.name] = sequence
    assert set(known) == set(split.sequences)


def check_same(result: pa.Array, array: pa.Array) -> None:
    """Columns have one type and the same values, NaN, signs of zero and bytes of texts included."""
    assert result.type == array.type
    assert len(result) == len(array)
    if pa.types.is_string(array.type) or pa.types.is_large_string(array.type):
        result, array = result.cast(pa.large_binary()), array.cast(pa.large_binary())
    else:
        result.validate(full=True)
    assert result.equals(array) or repr(result.to_pylist()) == repr(array.to_pylist())


def fit_and_check(array: pa.Array, sample: pa.Array | None = None, share: float = 1.0) -> Mapping:
    """Fit a mapping to a sample, by default the column itself, and check the column with it."""
    mapping = fit_mapping("a", array if sample is None else sample, share)
    check_round_trip(mapping, array)
    return mapping
