"""Peers of the benchmarks keep their promise, and pay for what they learned."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from benchmarks.peers import PEERS, Block, Peer, measure_peer, pca

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
