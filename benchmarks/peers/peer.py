"""A peer: a name, encode and decode; and how to make one from a codec of single columns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol  # Any: a dtype known at run time only

import numpy as np
from pcodec import ChunkConfig, standalone

from benchmarks.peers.block import Block, Layout

_LOSSLESS = ChunkConfig(compression_level=8, enable_8_bit=True)


@dataclass(frozen=True)
class Encoded:
    """A block as a peer stores it.

    Args:
        parts: bytes that decode reads.
        n_bytes: bytes that count; less than all of `parts` where a container is left out.
    """

    parts: tuple[bytes, ...]
    n_bytes: int

    @classmethod
    def of(cls, parts: list[bytes]) -> Encoded:
        """Return parts of which every byte counts."""
        return cls(tuple(parts), sum(map(len, parts)))


@dataclass(frozen=True)
class Peer:
    """Something to compare with.

    Args:
        name: name in tables.
        encode: turns a block into bytes.
        decode: restores the finite values of each column.
        tells_missing: whether its bytes say which values are missing.
        model_bytes: size of the learned model, once for all blocks.
    """

    name: str
    encode: Callable[[Block], Encoded]
    decode: Callable[[Encoded, Layout], list[np.ndarray]]
    tells_missing: bool = False
    model_bytes: int = 0


class ColumnCodec(Protocol):
    """Codes the finite values of one column within a tolerance above 0."""

    def pack(self, values: np.ndarray, tolerance: float) -> bytes:
        """Return at least one value as bytes."""

    def unpack(
        self, content: bytes, kind: np.dtype[Any], n_values: int, tolerance: float
    ) -> np.ndarray:
        """Restore the values: the inverse of `pack`."""


def per_column(name: str, codec: ColumnCodec) -> Peer:
    """Return the peer that codes each column by itself, exact ones losslessly by pcodec."""

    def encode(block: Block) -> Encoded:
        pairs = zip(block.columns, block.layout.tolerances, strict=True)
        return Encoded.of(
            [
                codec.pack(values, tolerance) if tolerance and len(values) else pack_exact(values)
                for values, tolerance in pairs
            ]
        )

    def decode(encoded: Encoded, layout: Layout) -> list[np.ndarray]:
        return [
            codec.unpack(content, kind, n_values, tolerance)
            if tolerance and n_values
            else unpack_exact(content, kind)
            for content, kind, n_values, tolerance in zip(
                encoded.parts, layout.kinds, layout.n_values, layout.tolerances, strict=True
            )
        ]

    return Peer(name, encode, decode)


def pack_exact(values: np.ndarray) -> bytes:
    """Return values coded losslessly by pcodec."""
    return standalone.simple_compress(values, _LOSSLESS) if len(values) else b""


def unpack_exact(content: bytes, kind: np.dtype[Any]) -> np.ndarray:
    """Restore the values: the inverse of `pack_exact`."""
    return standalone.simple_decompress(content) if content else np.zeros(0, kind)


def as_floats(values: np.ndarray) -> np.ndarray:
    """Return float32 values if their own type is a float of at most 32 bits, else float64."""
    return values.astype(float_kind(values.dtype), copy=False)


def float_kind(kind: np.dtype[Any]) -> np.dtype[Any]:
    """Return the float type that stands for a type in codecs of float32 and float64."""
    return np.dtype(np.float32 if kind.kind == "f" and kind.itemsize <= 4 else np.float64)
