"""PCA + corrections: principal components as codes, and whole numbers that keep the promise.

The float decoder is the obvious first choice. Its model counts in float32: the components, which
also serve to encode, and the mean of each column.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ae_pipeline.blocks.windows import rows_to_windows, windows_to_rows
from benchmarks.peers.block import Block
from benchmarks.peers.matrix import per_matrix, to_matrix
from benchmarks.peers.peer import Peer
from benchmarks.peers.quantized import pack_cells, unpack_cells

#: A cell is two tolerances wide. Components that deviate by less are left to the corrections.
_CELL = 2.0
#: The rounding of all codes, spread over all columns, is this much of a cell's.
_COARSENESS = 0.75
_FLOAT_BYTES = 4


@dataclass(frozen=True)
class _PcaMatrix:
    mean: np.ndarray
    basis: np.ndarray
    step: float
    window: int

    def pack(self, matrix: np.ndarray) -> list[bytes]:
        wide = rows_to_windows((matrix - self.mean).astype(np.float32), self.window)
        codes = np.rint(wide @ self.basis / self.step)
        corrections = np.rint((matrix.T - self._predict(codes, len(matrix))) / _CELL)
        return [pack_cells(numbers) for numbers in (*codes.T.copy(), *corrections)]

    def unpack(self, parts: list[bytes], shape: tuple[int, int]) -> np.ndarray:
        numbers = [unpack_cells(part) for part in parts]
        codes = np.stack(numbers[: -shape[1]], axis=1).astype(np.float64)
        corrections = np.stack(numbers[-shape[1] :])
        return (self._predict(codes, shape[0]) + _CELL * corrections).T

    def _predict(self, codes: np.ndarray, n_rows: int) -> np.ndarray:
        """[columns, rows]."""
        wide = self.basis @ (codes.T.astype(np.float64) * self.step)
        return windows_to_rows(wide, self.window, n_rows) + self.mean[:, None]


def pca(blocks: Sequence[Block], window: int = 1, latent_dim: int | None = None) -> Peer:
    """Return a PCA peer fitted to windows of these blocks.

    Args:
        blocks: blocks to fit to.
        window: consecutive rows side by side.
        latent_dim: components, or None for those that deviate by more than a cell.
    """
    matrices = [to_matrix(block) for block in blocks]
    n_rows = sum(map(len, matrices))
    mean = sum(matrix.sum(axis=0) for matrix in matrices) / max(n_rows, 1)
    near = [(matrix - mean).astype(np.float32) for matrix in matrices]
    wide = np.concatenate([rows_to_windows(part, window) for part in near]).astype(np.float64)
    covariance = wide.T @ wide / max(len(wide), 1)
    variances, vectors = np.linalg.eigh(covariance)
    n_found = latent_dim or max(1, int((variances > _CELL**2).sum()))
    basis = vectors[:, ::-1][:, :n_found].astype(np.float32)
    step = max(_CELL, _CELL * _COARSENESS * float(np.sqrt(len(basis) / n_found)))
    model_bytes = _FLOAT_BYTES * (basis.size + len(mean))
    codec = _PcaMatrix(mean.astype(np.float32), basis, step, window)
    return per_matrix("PCA + corrections", codec, model_bytes)
