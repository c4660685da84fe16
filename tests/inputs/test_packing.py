"""Exact values beside latents: packed as bytes of their rows, and found again."""

from __future__ import annotations

import struct
from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ae_pipeline.inputs import ExactLane, ExactValues, pack_exact, unpack_exact
from tests.support.checks import assert_same_array
from tests.support.strategies.learnable import SCALARS, to_array

KINDS = [kind for kind in SCALARS if not pa.types.is_dictionary(kind)]


@st.composite
def exact_values(draw: st.DrawFn, n_rows: int, kinds: list[pa.DataType]) -> ExactValues:
    """Any values in any rows of some lanes."""
    lanes = {}
    for lane, kind in enumerate(kinds):
        rows = draw(st.lists(st.integers(0, n_rows - 1), unique=True) if n_rows else st.just([]))
        if rows:
            values = [draw(SCALARS[kind]) for _ in rows]
            lanes[lane] = ExactLane(np.array(sorted(rows)), to_array(values, kind))
    return ExactValues(lanes)


def assert_same_values(got: ExactValues, expected: ExactValues) -> None:
    """The same lanes, rows and values, bit by bit."""
    assert sorted(got.lanes) == sorted(expected.lanes)
    for lane, one in expected.lanes.items():
        assert got.lanes[lane].rows.tolist() == one.rows.tolist()
        ours, theirs = got.lanes[lane].values, one.values
        ours.validate(full=True)
        assert_same_array(theirs, ours)


@given(st.data())
def test_round_trip(data: st.DataObject) -> None:
    """Any values of any types come back, whichever binary type other tools make of the column."""
    kinds = data.draw(st.lists(st.sampled_from(KINDS), min_size=1, max_size=4))
    n_rows = data.draw(st.integers(0, 9))
    exact = data.draw(exact_values(n_rows, kinds))
    packed = pack_exact(exact, n_rows)
    packed.validate(full=True)
    assert (len(packed), packed.type) == (n_rows, pa.binary())
    assert packed.null_count == n_rows - len({r for one in exact.lanes.values() for r in one.rows})
    for kind in (pa.binary(), pa.large_binary(), pa.binary_view()):
        assert_same_values(unpack_exact(packed.cast(kind), kinds), exact)


@given(st.data())
def test_slices(data: st.DataObject) -> None:
    """Rows that were sliced, or packed one by one and joined, hold the same values."""
    kinds = [pa.string(), pa.int16(), pa.bool_()]
    exact = data.draw(exact_values(7, kinds))
    start = data.draw(st.integers(0, 7))
    part = unpack_exact(pack_exact(exact, 7).slice(start), kinds)
    for lane, one in exact.lanes.items():
        is_in = one.rows >= start
        if is_in.any():
            assert part.lanes[lane].rows.tolist() == (one.rows[is_in] - start).tolist()
            assert part.lanes[lane].values.equals(one.values.filter(pa.array(is_in)))
        else:
            assert lane not in part.lanes


def test_as_documented() -> None:
    """An entry is lane, length and value, lanes ascending; other rows are null."""
    exact = ExactValues(
        {
            3: ExactLane(np.array([1]), pa.array(["é"])),
            0: ExactLane(np.array([1, 2]), pa.array([-2, 3], pa.int16())),
        }
    )
    first = struct.pack("<HIh", 0, 2, -2) + struct.pack("<HI", 3, 2) + "é".encode()
    assert pack_exact(exact, 3).to_pylist() == [None, first, struct.pack("<HIh", 0, 2, 3)]


def test_text_that_is_not_utf8() -> None:
    """Bytes that are no text come back as they are: columns may hold them all the same."""
    values = pa.array([b"\xff", b""]).view(pa.string())
    packed = pack_exact(ExactValues({0: ExactLane(np.arange(2), values)}), 2)
    got = unpack_exact(packed, [pa.string()]).lanes[0].values
    assert got.cast(pa.binary()).to_pylist() == [b"\xff", b""]


def test_nothing() -> None:
    """Without values all rows are null, and a column of nulls, of any type, holds none."""
    assert pack_exact(ExactValues(), 2).equals(pa.nulls(2, pa.binary()))
    assert len(unpack_exact(pa.nulls(2), [pa.int8()])) == 0
    assert len(unpack_exact(pa.array([b"", b""]), [pa.int8()])) == 0


ENTRY = struct.pack("<HIh", 0, 2, 7)
DAMAGED = {
    "half a header": ENTRY + b"\0\0\0",
    "half a value": ENTRY[:-1],
    "a huge value": struct.pack("<HI", 0, (1 << 32) - 1),
    "no such lane": struct.pack("<HIh", 9, 2, 7),
    "a lane twice": ENTRY + ENTRY,
    "lanes descending": struct.pack("<HIB", 1, 1, 1) + ENTRY,
    "too few bytes": struct.pack("<HIb", 0, 1, 7),
    "too many bytes": struct.pack("<HIi", 0, 4, 7),
    "no boolean": struct.pack("<HIB", 1, 1, 2),
    "no decimal": struct.pack("<HIqq", 2, 16, 10**9, 0),
    "no time": struct.pack("<HIi", 3, 4, -1),
}
KINDS_OF_DAMAGED = [pa.int16(), pa.bool_(), pa.decimal128(3, 1), pa.time32("s")]


@pytest.mark.parametrize("name", DAMAGED)
def test_damaged(name: str) -> None:
    """What is no whole entry of a lane's own type is a ValueError."""
    for rows in ([DAMAGED[name]], [None, ENTRY, DAMAGED[name], ENTRY]):
        with pytest.raises(ValueError, match="exact"):
            unpack_exact(pa.array(rows, pa.binary()), KINDS_OF_DAMAGED)


def test_not_binary() -> None:
    """A column of numbers holds no exact values."""
    with pytest.raises(ValueError, match="not binary"):
        unpack_exact(pa.array([1]), [pa.int8()])


@given(st.lists(st.none() | st.binary(max_size=40)), st.lists(st.sampled_from(KINDS), max_size=3))
def test_any_bytes(rows: list[bytes | None], kinds: list[pa.DataType]) -> None:
    """Any bytes are values, or a ValueError."""
    try:
        found = unpack_exact(pa.array(rows, pa.binary()), kinds)
    except ValueError:
        return
    assert sum(bool(row) for row in rows) <= len(found) or not any(rows)


def flip(content: bytes, place: int) -> bytes:
    """The bytes with one bit changed."""
    changed = bytearray(content)
    changed[place % len(content)] ^= 1 << place % 8
    return bytes(changed)


@pytest.mark.parametrize("change", [flip, lambda content, place: content[: place % len(content)]])
@given(st.data())
def test_damaged_bytes(change: Callable[[bytes, int], bytes], data: st.DataObject) -> None:
    """A bit that flipped, or an end that is missing, is a ValueError, or other values."""
    kinds = data.draw(st.lists(st.sampled_from(KINDS), min_size=1, max_size=3))
    packed = pack_exact(data.draw(exact_values(4, kinds)), 4).to_pylist()
    place = data.draw(st.integers(0, 999))
    damaged = [row and change(row, place) for row in packed]
    try:
        unpack_exact(pa.array(damaged, pa.binary()), kinds)
    except ValueError:
        return
