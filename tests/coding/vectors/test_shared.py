"""Integers of many lanes in few streams: they come back, and damage is refused."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from ae_pipeline.coding import pack_integers
from ae_pipeline.coding.vectors import MOST_SHARED, pack_shared, unpack_shared

SHAPES = hnp.array_shapes(min_dims=2, max_dims=2, min_side=0, max_side=9)
ANY = st.integers(-(2**63), 2**63 - 1)
LANES = hnp.arrays(np.int64, SHAPES, elements=st.one_of(st.integers(-9, 9), ANY))


@given(LANES)
def test_lanes_come_back(lanes: np.ndarray) -> None:
    """Integers of any size, of any number of lanes and rows; sums wrap."""
    assert np.array_equal(unpack_shared(pack_shared(lanes), *lanes.shape), lanes)


@given(LANES, st.binary(max_size=12), st.integers(0, 30))
def test_damage_is_refused(lanes: np.ndarray, junk: bytes, start: int) -> None:
    """Bytes written over a stream are a ValueError, or integers of the same shape."""
    content = bytearray(pack_shared(lanes))
    content[start : start + len(junk)] = junk
    try:
        found = unpack_shared(bytes(content), *lanes.shape)
    except ValueError:
        return
    assert found.shape == lanes.shape


def test_a_claim_of_too_many_integers_is_refused() -> None:
    """A few bytes of constant streams cannot fill the memory."""
    with pytest.raises(ValueError, match="share a stream"):
        unpack_shared(pack_shared(np.zeros((2, 3), np.int64)), 1 << 12, MOST_SHARED >> 11)


def smooth(n_lanes: int, n_rows: int) -> np.ndarray:
    """Rows that are smooth from lane to lane."""
    generator = np.random.default_rng(0)
    phases = generator.random(n_rows) * 6
    return np.rint(900 * np.sin(np.arange(n_lanes)[:, None] / 40 + phases)).astype(np.int64)


@pytest.mark.parametrize("is_turned", [False, True])
def test_smooth_lanes_and_smooth_rows_take_few_bytes(is_turned: bool) -> None:
    """Steps from lane to lane, or from row to row, are taken where they are smaller."""
    lanes = smooth(300, 40)
    lanes = lanes.T.copy() if is_turned else lanes
    apart = sum(len(pack_integers(lane)) for lane in lanes)
    assert len(pack_shared(lanes)) < 0.8 * apart


def test_lanes_of_other_scales_have_streams_of_their_own() -> None:
    """Wild lanes among quiet ones cost what they cost alone."""
    generator = np.random.default_rng(0)
    quiet, wild = generator.integers(-1, 2, (60, 50)), generator.integers(-999, 1000, (60, 50))
    mixed = np.concatenate([quiet, wild])[generator.permutation(120)]
    alone = len(pack_shared(quiet)) + len(pack_shared(wild))
    assert len(pack_shared(mixed)) < 1.05 * alone
