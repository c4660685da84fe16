"""Bytes, CPU-seconds and the worst error of a peer over blocks; everything is decoded."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from benchmarks.peers.block import Block
from benchmarks.peers.peer import Peer


@dataclass(frozen=True)
class Measured:
    """Bytes, time and errors of a peer on some blocks.

    Args:
        raw_bytes: bytes of the values in their own types.
        n_bytes: bytes of the peer.
        missing_bytes: bytes that say which values are missing, if the peer's own do not.
        encode_s: CPU-seconds.
        decode_s: CPU-seconds.
        worst: largest error in tolerances; infinite if an exact value differs.
    """

    raw_bytes: int = 0
    n_bytes: int = 0
    missing_bytes: int = 0
    encode_s: float = 0.0
    decode_s: float = 0.0
    worst: float = 0.0

    def __add__(self, other: Measured) -> Measured:
        return Measured(
            self.raw_bytes + other.raw_bytes,
            self.n_bytes + other.n_bytes,
            self.missing_bytes + other.missing_bytes,
            self.encode_s + other.encode_s,
            self.decode_s + other.decode_s,
            max(self.worst, other.worst),
        )

    @property
    def ratio(self) -> float:
        """Raw bytes over stored ones."""
        return self.raw_bytes / max(self.n_bytes + self.missing_bytes, 1)


def measure_peer(peer: Peer, blocks: Iterable[Block]) -> Measured:
    """Encode and decode every block, and compare every value."""
    return sum((_measure_block(peer, block) for block in blocks), Measured())


def _measure_block(peer: Peer, block: Block) -> Measured:
    started = time.process_time()
    encoded = peer.encode(block)
    encoded_at = time.process_time()
    decoded = peer.decode(encoded, block.layout)
    decoded_at = time.process_time()
    errors = map(_worst, block.columns, decoded, block.layout.tolerances)
    return Measured(
        raw_bytes=block.raw_bytes,
        n_bytes=encoded.n_bytes,
        missing_bytes=0 if peer.tells_missing else block.missing_bytes,
        encode_s=encoded_at - started,
        decode_s=decoded_at - encoded_at,
        worst=max(errors, default=0.0),
    )


def _worst(values: np.ndarray, decoded: np.ndarray, tolerance: float) -> float:
    """Return the largest error of a column in tolerances."""
    if len(values) != len(decoded):
        return np.inf
    if not tolerance:
        return 0.0 if np.array_equal(values, decoded) else np.inf
    error = np.abs(values.astype(np.float64) - decoded.astype(np.float64))
    return float(error.max(initial=0.0)) / tolerance
