"""Vector columns as lanes: every bit comes back, and lanes are found by their names."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from ae_pipeline.columns import LaneReader, Vectors, has_lanes, is_vector, lane_names
from tests.support.values import assert_same_bits

ITEM = pa.field("part", pa.float32(), metadata={"unit": "m"})


@given(
    hnp.arrays(np.uint32, hnp.array_shapes(min_dims=2, max_dims=2, max_side=6)),
    st.data(),
)
def test_vectors_come_back(bits: np.ndarray, data: st.DataObject) -> None:
    """Any bits, nulls of either sort, from any slice."""
    numbers = bits.view(np.float32)
    is_valid = data.draw(hnp.arrays(bool, len(numbers)))
    is_number = data.draw(hnp.arrays(bool, numbers.shape))
    kind = pa.list_(ITEM, numbers.shape[1])
    column = Vectors(numbers, is_valid, is_number).to_arrow(kind)
    start = data.draw(st.integers(0, len(column)))
    part = column.slice(start)
    again = Vectors.of(part).to_arrow(kind)
    again.validate(full=True)
    assert again.type.equals(kind, check_metadata=True)
    assert_same_bits(part, again)


def test_lanes_are_read_by_name() -> None:
    """A lane is the column of numbers at one place; columns of numbers are read as they are."""
    vectors = pa.array([[1.0, 2.0], None, [3.0, None]], pa.list_(pa.float64(), 2))
    records = pa.RecordBatch.from_arrays([vectors, pa.array([7, 8, 9])], names=["v[0]", "x"])
    reader = LaneReader(records)
    assert reader.lane("v[0][0]").to_pylist() == [1.0, None, 3.0]
    assert reader.lane("v[0][1]").to_pylist() == [2.0, None, None]
    assert reader.lane("x").to_pylist() == [7, 8, 9]
    with pytest.raises(KeyError):
        reader.lane("y")


@pytest.mark.parametrize(
    ("kind", "width"),
    [
        (pa.list_(pa.float16(), 1), 1),
        (pa.list_(pa.float64(), 4096), 4096),
        (pa.fixed_shape_tensor(pa.float32(), [2, 3]), 6),
        (pa.list_(pa.float32(), 4097), None),
        (pa.list_(pa.float32()), None),
        (pa.list_(pa.list_(pa.float32(), 2), 3), None),
        (pa.float32(), None),
    ],
    ids=str,
)
def test_which_columns_are_vectors(kind: pa.DataType, width: int | None) -> None:
    """Fixed-size lists of floats and extensions of them, up to a width."""
    assert is_vector(kind) == has_lanes(kind) == (width is not None)
    assert len(lane_names("v", kind)) == (width or 1)


def test_integers_have_lanes() -> None:
    """Lists of integers, such as images, have lanes and are no vectors of floats."""
    image = pa.fixed_shape_tensor(pa.uint8(), [2, 3])
    assert has_lanes(image)
    assert not is_vector(image)
    assert lane_names("v", image)[-1] == "v[5]"
    assert not has_lanes(pa.list_(pa.bool_(), 3))
