"""Structs as the sub-columns of their fields."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from ae_pipeline.mapping.fitting import fit_mapping
from ae_pipeline.mapping.subcolumn import Sequence
from tests.support.mapped import check_round_trip, fit_and_check

KIND = pa.struct([("x", pa.int32()), ("y", pa.list_(pa.string()))])
ROWS = [{"x": 1, "y": ["a", "b"]}, None, {"x": None, "y": []}, {"x": 3, "y": None}] * 5


def test_names_and_parents() -> None:
    """Fields are named after the column, and live where the struct does."""
    mapping = fit_and_check(pa.array(ROWS, KIND))
    by_name = {one.name: one for one in mapping.subcolumns}
    assert {"a?", "a.x", "a.x?", "a.y?", "a.y#", "a.y[]"} == set(by_name)
    assert by_name["a.x?"].parent == "a?"
    assert by_name["a.y[]"].space == "a.y#"


def test_nulls_that_come_later() -> None:
    """Structs may be null in a block although none was when the codec was fitted."""
    mapping = fit_mapping("a", pa.array([row for row in ROWS if row], KIND), 1.0)
    check_round_trip(mapping, pa.array(ROWS, KIND))
    check_round_trip(mapping, pa.array([None, None], KIND))


def test_children_of_null_structs_are_ignored() -> None:
    """What a field holds where its struct is null changes nothing."""
    children = [pa.array([1, 2], pa.int32()), pa.array([["a"], ["b"]], pa.list_(pa.string()))]
    array = pa.StructArray.from_arrays(children, ["x", "y"], mask=pa.array([False, True]))
    assert check_round_trip(fit_mapping("a", pa.array(ROWS, KIND), 1.0), array).side == b""


def test_fields_that_cannot_be_null() -> None:
    """Fields without nulls stay so where their struct is null."""
    kind = pa.struct([pa.field("x", pa.string(), nullable=False)])
    array = pa.array([{"x": "a"}, None, {"x": "b"}], kind)
    mapping = fit_and_check(array)
    split = mapping.split(array)
    result = mapping.join(split.sequences, split.side, split.is_whole, 3)
    assert result.field(0).null_count == 0


def test_fields_of_one_name() -> None:
    """Structs with two fields of one name are kept whole."""
    array = pa.StructArray.from_arrays([pa.array([1]), pa.array([2])], ["x", "x"])
    assert fit_mapping("a", array, 1.0).kind == "whole"


def test_forged_sides() -> None:
    """Sides of too many or too few children are refused."""
    mapping = fit_mapping("a", pa.array(ROWS, KIND), 1.0)
    split = mapping.split(pa.array(ROWS, KIND))
    for side in (b"\0", b"\0\0\0\0", b"\0\x0e"):
        with pytest.raises(ValueError, match=r"content ends|after the sides"):
            mapping.join(split.sequences, side, False, len(ROWS))


def test_sequence_that_is_short() -> None:
    """A field with fewer integers than rows is refused."""
    mapping = fit_mapping("a", pa.array([{"x": 1}, {"x": 3}], pa.struct([("x", pa.int32())])), 1.0)
    with pytest.raises(ValueError, match="integer per row"):
        mapping.join({"a.x": Sequence(np.zeros(1, np.int64), None)}, b"", False, 2)
