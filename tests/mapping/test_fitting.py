"""Every scalar column comes back bit for bit, whatever the codec was fitted to."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ae_pipeline.mapping.base import Mapping, Split
from ae_pipeline.mapping.fitting import fit_mapping
from ae_pipeline.mapping.record import mapping_from_json, mapping_to_json
from ae_pipeline.mapping.subcolumn import live_rows
from tests.mapping.arrays import SCALARS, arrays, same_bits

OTHERS = [
    pa.array([None, None]),
    pa.array([(1, 2, 3), None], pa.month_day_nano_interval()),
    pa.ExtensionArray.from_storage(pa.bool8(), pa.array([1, None], pa.int8())),
]


def _there_and_back(mapping: Mapping, array: pa.Array) -> Split:
    """Split and join by a mapping that was read from its record; check what came back."""
    split = mapping.split(array)
    tree = mapping_to_json(mapping)
    again = mapping_from_json(tree, mapping.column, mapping.type, mapping.tables)
    assert again == mapping
    assert mapping_to_json(again) == tree
    joined = again.join(split.sequences, split.side, split.is_whole, len(array))
    joined.validate()
    assert same_bits(joined, array)
    return split


def _check_sequences(mapping: Mapping, split: Split, n_rows: int) -> None:
    """Every sub-column has one integer per row, and zeros where it has none."""
    if split.is_whole:
        assert not split.sequences
        return
    assert list(split.sequences) == [one.name for one in mapping.subcolumns]
    for one in mapping.subcolumns:
        sequence, live = split.sequences[one.name], live_rows(one, split.sequences)
        assert sequence.integers.shape == (n_rows,)
        assert (sequence.live is None) == (live is None)
        if live is not None:
            assert np.array_equal(sequence.live, live)
            assert not sequence.integers[~live].any()


@pytest.mark.parametrize("kind", SCALARS, ids=str)
@given(data=st.data())
def test_columns_come_back(kind: pa.DataType, data: st.DataObject) -> None:
    """A column round-trips by the mapping that was fitted to it."""
    array = data.draw(arrays(kind))
    mapping = fit_mapping("x", array, 1.0)
    _check_sequences(mapping, _there_and_back(mapping, array), len(array))


@pytest.mark.parametrize("kind", SCALARS, ids=str)
@given(data=st.data())
def test_other_columns_come_back(kind: pa.DataType, data: st.DataObject) -> None:
    """A column round-trips by a mapping that was fitted to any other one."""
    mapping = fit_mapping("x", data.draw(arrays(kind)), 10.0)
    array = data.draw(arrays(kind))
    _check_sequences(mapping, _there_and_back(mapping, array), len(array))


@pytest.mark.parametrize("array", OTHERS, ids=lambda array: str(array.type))
def test_rare_types_come_back(array: pa.Array) -> None:
    """Nulls, intervals and extension types round-trip, and so does an empty slice."""
    mapping = fit_mapping("x", pa.chunked_array([array, array]), 1.0)
    _there_and_back(mapping, array)
    _there_and_back(mapping, array.slice(0, 0))


def test_samples_without_chunks_are_samples() -> None:
    """A sample of no chunks fits a mapping for all that comes later."""
    mapping = fit_mapping("x", pa.chunked_array([], pa.float32()), 1.0)
    _there_and_back(mapping, pa.array([1.5, None, 0.1], pa.float32()))


def test_few_nulls_of_a_column_that_had_none() -> None:
    """Nulls that the codec has not seen neither fail nor make the column whole."""
    mapping = fit_mapping("x", pa.array(range(100)), 1.0)
    array = pa.array([None, *range(50), None])
    split = _there_and_back(mapping, array)
    assert not split.is_whole
    assert [one.name for one in mapping.subcolumns] == ["x"]


def test_few_values_between_steps_are_exceptions() -> None:
    """A value off the step takes bytes beside the integers, which repeat the row before."""
    mapping = fit_mapping("x", pa.array(range(0, 1000, 5)), 1.0)
    split = _there_and_back(mapping, pa.array([*range(0, 500, 5), 7]))
    assert split.side
    assert split.sequences["x"].integers[-1] == split.sequences["x"].integers[-2]


def test_columns_of_exceptions_are_whole() -> None:
    """A column that the integers cannot say is stored whole."""
    mapping = fit_mapping("x", pa.array(range(0, 1000, 5)), 1.0)
    assert _there_and_back(mapping, pa.array(range(1, 1000, 5))).is_whole
