"""Sets of rows ↔ bytes: every set comes back, damage is refused."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ae_pipeline.coding import (
    pack_integers,
    pack_positions,
    pack_validity,
    unpack_positions,
    unpack_validity,
)

HIGH = 2**63 - 1

rows = st.lists(st.booleans(), max_size=100).map(lambda chosen: np.array(chosen, bool))


def bitmap(n_bytes: int) -> bytes:
    """A validity of so many bytes, whatever the rows."""
    return b"\0" + pa.compress(bytes(n_bytes), codec="zstd", asbytes=True)


def steps_of(*steps: int, count: int | None = None) -> bytes:
    """Positions by the steps between them, right or wrong."""
    n_steps = len(steps) if count is None else count
    return n_steps.to_bytes(4, "little") + pack_integers(np.array(steps, np.int64))


@given(rows)
def test_round_trip(is_valid: np.ndarray) -> None:
    """Any set of rows comes back, as a validity and as positions; a full one takes no bytes."""
    content = pack_validity(is_valid)
    np.testing.assert_array_equal(unpack_validity(content, len(is_valid)), is_valid)
    assert (content == b"") == bool(is_valid.all())
    chosen = np.flatnonzero(is_valid)
    np.testing.assert_array_equal(unpack_positions(pack_positions(chosen), len(is_valid)), chosen)


@pytest.mark.parametrize(("n_nulls", "most_bytes"), [(1, 16), (10, 64), (131_072, 32)])
def test_few_nulls_and_many_cost_little(
    n_nulls: int, most_bytes: int, generator: np.random.Generator
) -> None:
    """A few nulls among 131072 rows cost some bytes each, a column of nulls some bytes in all."""
    is_valid = np.ones(131_072, bool)
    is_valid[generator.choice(131_072, n_nulls, replace=False)] = False
    content = pack_validity(is_valid)
    assert len(content) <= most_bytes
    np.testing.assert_array_equal(unpack_validity(content, 131_072), is_valid)


def test_random_nulls_cost_their_bitmap(generator: np.random.Generator) -> None:
    """Nulls without pattern cost one bit per row and a little."""
    content = pack_validity(generator.random(80_000) < 0.5)
    assert len(content) <= 10_000 + 32


@pytest.mark.parametrize(
    "content",
    [
        *(steps_of(6), steps_of(0), steps_of(-1), steps_of(3, 3)),
        *(steps_of(1, HIGH), steps_of(HIGH, HIGH, 3), steps_of(-HIGH, HIGH, 1)),
        *(steps_of(1, 1, 1, 1, 1, 1), steps_of(1, count=2**32 - 1)),
        *(b"\1", b"\1\0\0\0", b"\1\0\0\0\x05"),
    ],
)
def test_malformed_positions(content: bytes) -> None:
    """Positions outside of the rows, out of order, or of another count are refused."""
    with pytest.raises(ValueError, match=r"positions|stream|values|pco"):
        unpack_positions(content, 5)
    with pytest.raises(ValueError, match=r"positions|stream|values|pco"):
        unpack_validity(b"\1" + content, 5)


@pytest.mark.parametrize(
    "content",
    [b"\2abc", b"\0", b"\0no zstandard", bitmap(0), bitmap(2), bitmap(1 << 24), bitmap(1)[:-1]],
)
def test_malformed_validity(content: bytes) -> None:
    """Unknown tags, and bitmaps that are damaged, too short or too long, are refused."""
    with pytest.raises(ValueError, match=r"\w"):
        unpack_validity(content, 5)
