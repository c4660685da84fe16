"""Networks, predictors and weights that have learned nothing: all their numbers are drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING  # Any: settings of several types

import numpy as np

from ae_pipeline.codec.archive import ArchiveNetwork
from ae_pipeline.coding import (
    SKIP_MAX,
    WEIGHT_MAX,
    Architecture,
    IntegerDecoder,
    LinearPredictor,
)
from ae_pipeline.columns import Standardization

if TYPE_CHECKING:
    pass


def random_decoder(
    generator: np.random.Generator, latent: int, hidden: int, outputs: int
) -> IntegerDecoder:
    """Weights over their whole range, scaled so that hidden units are neither all on nor off."""

    def integers(largest: int, shape: tuple[int, int], kind: type) -> np.ndarray:
        return generator.integers(-largest, largest, shape, endpoint=True).astype(kind)

    return IntegerDecoder(
        hidden_weights=integers(WEIGHT_MAX, (latent, hidden), np.int8),
        hidden_shift=generator.integers(14, 20, hidden).astype(np.int8),
        hidden_bias=generator.normal(1, 1, hidden).astype(np.float32),
        output_weights=integers(WEIGHT_MAX, (hidden, outputs), np.int8),
        output_shift=generator.integers(-3, 9, outputs).astype(np.int8),
        skip_weights=integers(SKIP_MAX, (latent, outputs), np.int16),
        skip_shift=generator.integers(0, 30, outputs).astype(np.int8),
        output_bias=generator.normal(0, 9, outputs).astype(np.float32),
    )


def random_network(
    generator: np.random.Generator,
    n_columns: int,
    latent: int = 2,
    hidden: int = 5,
    window: int = 1,
) -> ArchiveNetwork:
    """A network that has learned nothing; the last of several columns takes no part."""
    scale = np.ones(n_columns)
    scale[1:][-1:] = 0.0
    n_inputs = window * int(scale.sum())
    latent = min(latent, n_inputs)
    architecture = Architecture(n_inputs, latent, (hidden,), (hidden,), "relu", "residual")
    encoder = {
        name: generator.normal(size=shape).astype(np.float32)
        for name, shape in architecture.weight_shapes().items()
        if name.startswith("encoder/")
    }
    return ArchiveNetwork(
        Standardization(np.zeros(n_columns), scale, 10.0),
        window,
        architecture,
        encoder,
        12,
        np.full(latent, 0.1, np.float32),
        random_decoder(generator, latent, hidden, n_inputs),
    )


def random_predictor(generator: np.random.Generator, n_columns: int) -> LinearPredictor:
    """Weights that mean nothing, in any order of columns."""
    order = generator.permutation(n_columns)
    earlier = {column: order[:place] for place, column in enumerate(order.tolist())}
    terms = {
        column: generator.permutation(np.concatenate([2 * found, 2 * found + 1]))[:3]
        for column, found in earlier.items()
    }
    sources = np.concatenate([terms[column] for column in range(n_columns)])
    return LinearPredictor(
        order=order.astype(np.int32),
        follows=generator.integers(0, 2, n_columns).astype(np.int8),
        counts=np.array([len(terms[column]) for column in range(n_columns)], np.int16),
        sources=sources.astype(np.int32),
        weights=generator.integers(-32767, 32767, len(sources), endpoint=True).astype(np.int16),
        shifts=generator.integers(0, 30, n_columns).astype(np.int8),
        biases=generator.integers(-(2**31), 2**31, n_columns).astype(np.int32),
    )


def random_weights(
    architecture: Architecture, generator: np.random.Generator, spread: float = 0.5
) -> dict[str, np.ndarray]:
    """Normal weights for every layer, biases and skips too."""
    return {
        name: generator.normal(0, spread, shape).astype(np.float32)
        for name, shape in architecture.weight_shapes().items()
    }
