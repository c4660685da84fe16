"""PCA of the design matrix; of text alone, TruncatedSVD of its TF-IDF, as is usual."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any  # matrices of scipy have no types

import numpy as np
from sklearn.decomposition import PCA, TruncatedSVD

from benchmarks.latents.exchange import Inputs, Outputs
from benchmarks.latents.peers.design import Design, in_blocks

_SEED = 0


def pca(inputs: Inputs) -> Callable[[int], Outputs]:
    """Return the method for one table, to be called with a dimension."""

    def make(dim: int) -> Outputs:
        started = time.process_time()
        design = Design(inputs)
        model = _model(inputs, design.matrix()[~inputs.is_test], dim)
        trained = time.process_time()
        latents = model.transform(design.matrix())
        encode_s = time.process_time() - trained
        return decoded(design, latents, model.inverse_transform, trained - started, encode_s)

    return make


def _model(inputs: Inputs, matrix: Any, dim: int) -> Any:
    if len(inputs.text) and inputs.n_columns == 1:
        return TruncatedSVD(dim, random_state=_SEED).fit(matrix)
    solver = "covariance_eigh" if isinstance(matrix, np.ndarray) else "arpack"
    return PCA(dim, svd_solver=solver, random_state=_SEED).fit(matrix)


def decoded(
    design: Design, latents: Any, decode: Callable[[Any], Any], train_s: float, encode_s: float
) -> Outputs:
    """Return outputs of latents that `decode` turns into rows of the design matrix."""
    parts = []
    for rows in in_blocks(len(latents)):
        matrix = decode(latents[rows])
        parts.append([read(matrix) for read in (design.numbers_of, design.categories_of)])
        parts[-1].append(design.vectors_of(matrix))
    numbers, categories, vectors = (np.concatenate(found) for found in zip(*parts, strict=True))
    return Outputs(
        latents=np.asarray(latents),
        numbers=numbers,
        categories=categories,
        vectors=vectors,
        train_s=train_s,
        encode_s=encode_s,
        n_learned=design.inputs.n_columns,
    )
