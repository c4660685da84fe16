"""Strings by their shape."""

from __future__ import annotations

import uuid

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ae_pipeline.mapping.strings.byte_rows import BINARY
from ae_pipeline.mapping.strings.patterns import ALPHABETS, Field, Shape, bounds
from ae_pipeline.mapping.strings.shape_search import find_shapes
from ae_pipeline.mapping.strings.shapes import Shapes, most_width, shapes_of_json
from ae_pipeline.mapping.subcolumn import Sequence
from tests.support.mapped import check_round_trip

RNG = np.random.default_rng(3)
MOMENTS = np.datetime64("1999-12-31T23:59:58") + RNG.integers(0, 1 << 31, 300)
COLUMNS = {
    "uuid": [str(uuid.UUID(bytes=RNG.bytes(16), version=4)) for _ in range(300)],
    "hash": [RNG.bytes(20).hex() for _ in range(300)],
    "upper hex": [RNG.bytes(4).hex().upper() for _ in range(300)],
    "padded": [f"Customer#{number:09d}" for number in RNG.integers(0, 1 << 20, 300)],
    "counted": [f"item-{number}" for number in range(300)],
    "address": [".".join(map(str, four)) for four in RNG.integers(0, 256, (300, 4))],
    "date": [str(one)[:10] for one in MOMENTS],
    "moment": [f"{one}Z" for one in MOMENTS],
    "spaced": [str(one).replace("T", " ") for one in MOMENTS],
    "clock": [str(one)[11:] for one in MOMENTS],
    "decimal": [f"{one:.2f}" for one in RNG.normal(0, 99, 300)],
    "plate": [f"{'XK'[one % 2]}{'QZA'[one % 3]} {one:03d}" for one in range(300)],
}


@pytest.mark.parametrize("name", COLUMNS)
def test_common_shapes(name: str) -> None:
    """Common shapes are found, hold almost all strings, and come back."""
    array = pa.array(COLUMNS[name]).cast(BINARY)
    mapping = Shapes("a", BINARY, False, find_shapes(array.to_pylist()))
    split = check_round_trip(mapping, array)
    is_other = split.sequences["a/shape"].integers == len(mapping.shapes)
    assert is_other.mean() < 0.05
    others = pa.array([None, "", "\0", "x", "9" * 40, "2013-02-30", "24:00:00"]).cast(BINARY)
    check_round_trip(mapping, pa.concat_arrays([others, array[:3]]))
    check_round_trip(mapping, array[:0])


def test_meaning_of_dates() -> None:
    """Dates are days and moments seconds of time, so that other times relate to them."""
    shapes = find_shapes([one.encode() for one in COLUMNS["date"]])
    field = Shapes("a", BINARY, False, shapes).own[1]
    assert (field.family, field.ticks, field.step) == ("time", 1, 86_400)
    split = Shapes("a", BINARY, False, shapes).split(pa.array([b"1970-01-02"], BINARY))
    assert split.sequences["a/0"].integers.tolist() == [1]


PARTS = st.lists(
    st.tuples(
        st.sampled_from([*ALPHABETS, "date", "clock", "moment", "moment "]),
        st.integers(0, 20),
        st.lists(st.integers(0, 1 << 62), min_size=3, max_size=3),
        st.binary(min_size=1, max_size=2),
    ),
    min_size=1,
    max_size=3,
)


@settings(max_examples=100, deadline=None)
@given(PARTS)
def test_strings_of_any_shape(parts: list[tuple[str, int, list[int], bytes]]) -> None:
    """Integers of any fields make strings, and these come back."""
    shape: Shape = ()
    integers = {}
    for slot, (kind, number, values, text) in enumerate(parts):
        least = 0 if kind == "digits" else 1
        width = {"date": 10, "clock": 8}.get(kind, 19)
        if kind in ALPHABETS:
            width = min(max(number, least), most_width(kind))
        field = Field(kind, width, slot)
        shape = (*shape, field, text)
        low, high = bounds(field)
        integers[f"a/{slot}"] = np.array([low + value % (high - low + 1) for value in values])
    mapping = Shapes("a", BINARY, False, (shape,))
    sequences = {name: Sequence(one, None) for name, one in integers.items()}
    sequences["a/shape"] = Sequence(np.zeros(3, np.int64), None)
    check_round_trip(mapping, mapping.join(sequences, b"", False, 3))


def test_fields_out_of_range() -> None:
    """Integers that a field cannot write are refused."""
    mapping = Shapes("a", BINARY, False, ((b"x", Field("digits", 2, 0)),))
    for shape, number, message in ((0, 100, "range"), (0, -1, "range"), (7, 0, "no shape")):
        sequences = {
            "a/shape": Sequence(np.array([shape]), None),
            "a/0": Sequence(np.array([number]), None),
        }
        with pytest.raises(ValueError, match=message):
            mapping.join(sequences, b"", False, 1)


@pytest.mark.parametrize(
    "part",
    [["roman", 2, 0], ["digits", 19, 0], ["hex", 0, 0], ["date", 9, 0], ["digits", 2, -1]],
    ids=str,
)
def test_forged_fields(part: list[object]) -> None:
    """Fields that no integer of 64 bits holds are refused when the codec is read."""
    with pytest.raises(ValueError, match="unknown field"):
        shapes_of_json({"has_nulls": False, "shapes": [[part]]}, "a", BINARY, [])


def test_shape_of_a_thousand_bytes() -> None:
    """Shapes are short, so that few integers do not become gigabytes."""
    with pytest.raises(ValueError, match="more than 1024 bytes"):
        shapes_of_json({"has_nulls": False, "shapes": [["x" * 1025]]}, "a", BINARY, [])
