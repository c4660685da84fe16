"""SZ3 (Liang et al. 2023, "SZ3: A Modular Framework for Composing Prediction-Based Error-Bounded
Lossy Compressors"), column by column and as a matrix of rows x columns.

Its predictors suit different data, so each column, or matrix, is stored by the best of several.
"""  # noqa: D205

from __future__ import annotations

from typing import Any  # a dtype known at run time only

import numpy as np
from pysz import sz, szAlgorithm, szConfig, szErrorBoundMode

from benchmarks.peers.matrix import per_matrix
from benchmarks.peers.peer import Peer, as_floats, float_kind, per_column

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
    """Return SZ3 per column; the absolute bound is the tolerance."""
    return per_column(name, _Sz3Column(algorithms))


class _Sz3Matrix:
    def pack(self, matrix: np.ndarray) -> list[bytes]:
        return [_compress(matrix, 1.0, _ALL)]

    def unpack(self, parts: list[bytes], shape: tuple[int, int]) -> np.ndarray:
        return _decompress(parts[0], np.dtype(np.float64), shape)


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
    # The binding does not accept read-only arrays.
    values, _ = sz.decompress(np.frombuffer(bytearray(content), np.uint8), kind, shape)
    return values


SZ3 = sz3("SZ3 per column", _ALL)
SZ3_MATRIX = per_matrix("SZ3 2-D", _Sz3Matrix())
