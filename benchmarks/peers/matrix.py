"""Peers made from codecs of matrices, which code all columns with a tolerance at once.

They stand side by side, each divided by its tolerance, so that one bound is every column's.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np

from benchmarks.peers.block import Block, Layout
from benchmarks.peers.peer import Encoded, Peer, pack_exact, unpack_exact


class MatrixCodec(Protocol):
    """Codes a matrix of rows x columns with an error of at most 1."""

    def pack(self, matrix: np.ndarray) -> list[bytes]:
        """Return at least one value as bytes."""

    def unpack(self, parts: list[bytes], shape: tuple[int, int]) -> np.ndarray:
        """Restore the matrix: the inverse of `pack`."""


def per_matrix(name: str, codec: MatrixCodec, model_bytes: int = 0) -> Peer:
    """Return the peer that codes all columns together, exact ones apart, losslessly by pcodec."""

    def encode(block: Block) -> Encoded:
        matrix = to_matrix(block)
        exact = [
            pack_exact(values)
            for values, tolerance in zip(block.columns, block.layout.tolerances, strict=True)
            if not tolerance
        ]
        return Encoded.of([*exact, *(codec.pack(matrix) if matrix.size else ())])

    def decode(encoded: Encoded, layout: Layout) -> list[np.ndarray]:
        n_exact = layout.tolerances.count(0.0)
        shape = len(layout.is_finite[0]), len(layout.tolerances) - n_exact
        parts = list(encoded.parts[n_exact:])
        matrix = codec.unpack(parts, shape) if parts else np.empty(shape)
        return _from_matrix(matrix, list(encoded.parts[:n_exact]), layout)

    return Peer(name, encode, decode, model_bytes=model_bytes)


def to_matrix(block: Block) -> np.ndarray:
    """Return [rows, columns with a tolerance] in tolerances; missing values are filled."""
    bounded = [number for number, tolerance in enumerate(block.layout.tolerances) if tolerance]
    matrix = np.empty((len(block.records), len(bounded)))
    for place, number in enumerate(bounded):
        matrix[:, place] = _filled(block.columns[number], block.layout.is_finite[number])
        matrix[:, place] /= block.layout.tolerances[number]
    return matrix


def _from_matrix(matrix: np.ndarray, exact: list[bytes], layout: Layout) -> list[np.ndarray]:
    """Return the finite values of every column."""
    whole, rest = iter(matrix.T), iter(exact)
    return [
        next(whole)[is_finite] * tolerance if tolerance else unpack_exact(next(rest), kind)
        for kind, tolerance, is_finite in zip(
            layout.kinds, layout.tolerances, layout.is_finite, strict=True
        )
    ]


def _filled(values: np.ndarray, is_finite: np.ndarray) -> np.ndarray:
    """Fill missing rows with the last value before them, or at the start with the first."""
    if not len(values):
        return np.zeros(len(is_finite))
    return values[np.maximum(np.cumsum(is_finite) - 1, 0)].astype(np.float64)
