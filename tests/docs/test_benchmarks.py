"""Benchmarks: peers keep their promise, bounds are those of textbooks, bars are as stated."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from ae_pipeline.results.fit import Candidate
from benchmarks.known_sources import (
    KnownSource,
    factors,
    gaussian_bits,
    manifold,
    manifold_bits,
    neighbours,
)
from benchmarks.outcome import Comparison, Entry
from benchmarks.peers import PCODEC, PEERS, Block, Peer, measure_peer, pca
from benchmarks.ratio import bar_table, peer_table

_TOLERANCES = (0.1, 0.5, 0.02, 0.0)


def _block(n_rows: int = 500) -> Block:
    """Floats with nulls and NaN, integers within a tolerance, and integers that stay exact."""
    generator = np.random.default_rng(0)
    wave = np.cumsum(generator.normal(size=n_rows))
    gaps = np.where(generator.random(n_rows) < 0.1, np.nan, wave)
    columns = {
        "wave": pa.array(wave),
        "gaps": pa.array(gaps, mask=generator.random(n_rows) < 0.1),
        "small": pa.array((wave / 50).astype(np.float32)),
        "exact": pa.array(generator.integers(0, 9, n_rows)),
    }
    return Block.from_records(pa.RecordBatch.from_pydict(columns), _TOLERANCES)


@pytest.mark.parametrize("peer", [*PEERS, pca([_block()]), pca([_block()], 4, 2)])
def test_peers_keep_every_promise(peer: Peer) -> None:
    """What a peer decodes is within tolerance, and exact where nothing is allowed."""
    found = measure_peer(peer, [_block()])
    assert found.n_bytes > 0
    assert found.worst <= 1.001


def test_a_model_counts() -> None:
    """PCA pays for its components and its means, four bytes each."""
    assert pca([_block()], latent_dim=2).model_bytes == 4 * (3 * 2 + 3)


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


def _comparison(raw_bytes: int, n_rows: int, ours: int = 100) -> Comparison:
    small, broken = Entry("small", 100, 0, 1.0, 1.0, 1.0), Entry("broken", 1, 0, 1.0, 1.0, 9.0)
    return Comparison(
        dataset="some",
        tolerance=0.01,
        absolute={"a": 0.5},
        n_rows=n_rows,
        n_values=n_rows,
        n_fragments=1,
        raw_bytes=raw_bytes,
        file_bytes=raw_bytes,
        stored_bytes=raw_bytes,
        ours=Entry("ours", ours, 0, 1.0, 1.0, 1.0),
        peers=(small, broken),
        baseline=broken,
        is_verified=True,
        encode_s=1.0,
        estimated_bytes=ours,
        estimate_s=1.0,
        plan=(Candidate("direct", ours, 0, 1.0, True),),
    )


def test_bars() -> None:
    """1.00, but 1.02 for little data or small files; peers that break the promise do not count."""
    large, little, short = ((6_000_000, 20_000), (4_000_000, 20_000), (6_000_000, 9_000))
    assert _comparison(*large).bar == 1.00
    assert _comparison(*little).bar == _comparison(*short).bar == 1.02
    assert _comparison(*large).is_met
    assert not _comparison(*large, ours=102).is_met
    assert _comparison(*little, ours=102).is_met
    assert not replace(_comparison(*large), is_verified=False).is_met
    assert not replace(_comparison(*large), encode_s=181.0).is_met
    assert replace(_comparison(*large), estimated_bytes=115).is_met
    assert not replace(_comparison(*large), estimated_bytes=84).is_met


def test_tables_say_what_was_found() -> None:
    """Every peer has a row, and every bar is met or missed."""
    found = _comparison(6_000_000, 20_000, ours=101)
    assert {"small", "broken", "ours"} < {row[0] for row in peer_table(found).rows}
    assert bar_table([found]).rows[0][-1] == "MISSED"
