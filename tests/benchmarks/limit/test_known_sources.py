"""Bounds of rate-distortion theory: those of textbooks, and nothing is below them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pytest

from benchmarks.limit.known_sources import (
    KnownSource,
    factors,
    gaussian_bits,
    manifold,
    manifold_bits,
    neighbours,
)
from benchmarks.peers import PCODEC, Block, measure_peer


@pytest.mark.parametrize("make", [neighbours, factors, manifold])
def test_nothing_is_below_a_bound(make: Callable[[], KnownSource]) -> None:
    """Quantise + pcodec needs more bits than theory says anything must."""
    source = make()
    tolerances = 0.01 * np.ptp(source.rows, axis=0)
    columns = {str(number): column for number, column in enumerate(source.rows.T)}
    block = Block.from_records(pa.RecordBatch.from_pydict(columns), tolerances.tolist())
    bits = 8 * measure_peer(PCODEC, [block]).n_bytes / len(source.rows)
    assert 0 < source.bound(tolerances) < bits


def test_bounds_of_independent_columns() -> None:
    """Unit Gaussians: half the logarithm of 2 pi e, less the logarithm of the cell, each."""
    tolerances = np.array([0.1, 0.2, 0.3])
    expected = 1.5 * np.log2(2 * np.pi * np.e) - np.log2(2 * tolerances).sum()
    assert gaussian_bits(np.eye(3), tolerances) == pytest.approx(expected)
    straight = np.eye(3)[None]  # the section of the cube is the cube
    assert manifold_bits(straight, tolerances) == pytest.approx(expected, abs=0.2)
