"""SZ3 (Liang et al. 2023, "SZ3: A Modular Framework for Composing Prediction-Based Error-Bounded
Lossy Compressors"), column by column and as a matrix of rows x columns.

Its predictors suit different data, so each column, or matrix, is stored by the best of several.
"""  # noqa: D205

from __future__ import annotations

from typing import Any  # a dtype known at run time only

import numpy as np
from pysz import sz, szAlgorithm, szConfig, szErrorBoundMode

from benchmarks.peers.block import Block, Layout
from benchmarks.peers.peer import (
    Encoded,
    Peer,
    as_floats,
    float_kind,
    pack_exact,
    per_column,
    unpack_exact,
)

_DEFAULT = (szAlgorithm.INTERP_LORENZO,)
_ALL = (szAlgorithm.INTERP_LORENZO, szAlgorithm.LORENZO_REG, szAlgorithm.NOPRED)


class _Sz3Column:
    def __init__(self, algorithms: tuple[szAlgorithm, ...]) -> None:
        self._algorithms = algorithms

    def pack(self, values: np.ndarray, tolerance: float) -> bytes:
        return _compress(as_floats(values), tolerance, self._algorithms)

    def unpack(
        self, content: bytes, kind: np.dtype[Any], n_values: int, tolerance: float
    ) -> np.ndarray:
        return _decompress(content, float_kind(kind), (n_values,))


def sz3(name: str, algorithms: tuple[szAlgorithm, ...] = _DEFAULT) -> Peer:
    """SZ3 per column; the absolute bound is the tolerance."""
    return per_column(name, _Sz3Column(algorithms))


def _encode_matrix(block: Block) -> Encoded:
    """In tolerance units, so that one bound is every column's; exact columns apart."""
    layout = block.layout
    bounded = [number for number, tolerance in enumerate(layout.tolerances) if tolerance]
    matrix = np.empty((len(block.records), len(bounded)))
    for place, number in enumerate(bounded):
        matrix[:, place] = _filled(block.columns[number], layout.is_finite[number])
        matrix[:, place] /= layout.tolerances[number]
    exact = [
        pack_exact(values)
        for values, tolerance in zip(block.columns, layout.tolerances, strict=True)
        if not tolerance
    ]
    return Encoded.of([_compress(matrix, 1.0, _ALL) if matrix.size else b"", *exact])


def _decode_matrix(encoded: Encoded, layout: Layout) -> list[np.ndarray]:
    content, *exact = encoded.parts
    n_bounded = len(layout.tolerances) - len(exact)
    shape = (len(layout.is_finite[0]), n_bounded)
    matrix = _decompress(content, np.dtype(np.float64), shape) if content else np.empty(shape)
    whole, rest = iter(matrix.T), iter(exact)
    return [
        next(whole)[is_finite] * tolerance if tolerance else unpack_exact(next(rest), kind)
        for kind, tolerance, is_finite in zip(
            layout.kinds, layout.tolerances, layout.is_finite, strict=True
        )
    ]


def _filled(values: np.ndarray, is_finite: np.ndarray) -> np.ndarray:
    """A value for every row: where there is none, the last before it, at the start the first."""
    if not len(values):
        return np.zeros(len(is_finite))
    return values[np.maximum(np.cumsum(is_finite) - 1, 0)].astype(np.float64)


def _compress(values: np.ndarray, bound: float, algorithms: tuple[szAlgorithm, ...]) -> bytes:
    return min((_compress_by(values, bound, algorithm) for algorithm in algorithms), key=len)


def _compress_by(values: np.ndarray, bound: float, algorithm: szAlgorithm) -> bytes:
    config = szConfig()
    config.errorBoundMode = szErrorBoundMode.ABS
    config.absErrorBound = bound
    config.cmprAlgo = algorithm
    content, _ = sz.compress(values, config)
    return content.tobytes()


def _decompress(content: bytes, kind: np.dtype[Any], shape: tuple[int, ...]) -> np.ndarray:
    # The binding takes no read-only array.
    values, _ = sz.decompress(np.frombuffer(bytearray(content), np.uint8), kind, shape)
    return values


SZ3 = sz3("SZ3 per column", _ALL)
SZ3_MATRIX = Peer("SZ3 2-D", _encode_matrix, _decode_matrix)
