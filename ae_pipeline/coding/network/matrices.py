"""The trained networks in numpy: float32, a tile of rows at a time, without TensorFlow.

The numbers agree with the Keras model to float32 rounding. Bits may differ between BLAS libraries,
so nothing that must be exact depends on them.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
import threadpoolctl
from jaxtyping import Float32

from ae_pipeline.coding.network.shape import Architecture, Side, Weights
from ae_pipeline.config.network import Activation

#: Rows per tile: 2048 activations of 64 float32 are half a megabyte, which stays in the cache.
_TILE_ROWS = 2048

_SELU_ALPHA, _SELU_SCALE = np.float32(1.6732632), np.float32(1.050701)
_GELU_SLOPE = np.float32(np.sqrt(2.0 / np.pi))

Array = Float32[np.ndarray, "rows _"]


@cache
def pin_blas_threads() -> None:
    """Limit BLAS to one thread per worker for the rest of the process.

    Fragments are the unit of parallelism; BLAS threads that spin against each other take up to 20
    times the CPU time.
    """
    threadpoolctl.threadpool_limits(limits=1, user_api="blas")


def encode_matrix(
    architecture: Architecture, weights: Weights, matrix: Float32[np.ndarray, "rows inputs"]
) -> Float32[np.ndarray, "rows latent"]:
    """Encode standardised rows to latents; the caller must have filled NaN."""
    return _apply("encoder", architecture, weights, matrix)


def decode_matrix(
    architecture: Architecture, weights: Weights, latents: Float32[np.ndarray, "rows latent"]
) -> Float32[np.ndarray, "rows inputs"]:
    """Decode latents to standardised rows."""
    return _apply("decoder", architecture, weights, latents)


def fill_tiles(matrix: Float32[np.ndarray, "rows _"]) -> Float32[np.ndarray, "whole_tiles _"]:
    """Append rows of zeros until all tiles are full.

    BLAS multiplies few rows by other kernels than many, which round otherwise. In full tiles, the
    bits of a row do not depend on the rows that come with it.
    """
    n_rows, width = matrix.shape
    filled = np.zeros((-(-n_rows // _TILE_ROWS) * _TILE_ROWS, width), np.float32)
    filled[:n_rows] = matrix
    return filled


def _apply(side: Side, architecture: Architecture, weights: Weights, matrix: Array) -> Array:
    output = np.empty((len(matrix), architecture.layer_widths(side)[-1]), np.float32)
    with np.errstate(over="ignore", under="ignore"):  # exp saturates, as it does in Keras
        for start in range(0, len(matrix), _TILE_ROWS):
            tile = slice(start, start + _TILE_ROWS)
            output[tile] = _apply_tile(side, architecture, weights, matrix[tile])
    return output


def _apply_tile(side: Side, architecture: Architecture, weights: Weights, tile: Array) -> Array:
    n_layers = len(architecture.layer_widths(side)) - 1
    activate = ACTIVATIONS[architecture.activation]
    hidden = tile
    for index in range(n_layers):
        hidden = hidden @ weights[f"{side}/{index}/kernel"]  # [rows, fan_out]
        hidden += weights[f"{side}/{index}/bias"]
        if index < n_layers - 1:
            hidden = activate(hidden)
    if architecture.design == "residual":
        hidden += tile @ weights[f"{side}/skip/kernel"]
    return hidden


def _leaky_relu(x: Array) -> Array:
    return np.maximum(x, np.float32(0.2) * x)


def _elu(x: Array) -> Array:
    return np.where(x > 0, x, np.expm1(np.minimum(x, 0)))


def _sigmoid(x: Array) -> Array:
    np.negative(x, out=x)
    np.exp(x, out=x)
    x += 1
    return np.reciprocal(x, out=x)


def _swish(x: Array) -> Array:
    return x * _sigmoid(x.copy())


def _gelu(x: Array) -> Array:
    """Hendrycks and Gimpel 2016, the tanh form."""
    return np.float32(0.5) * x * (1 + np.tanh(_GELU_SLOPE * (x + np.float32(0.044715) * x**3)))


#: The function of each `Activation`; it may overwrite its argument.
ACTIVATIONS: dict[Activation, Callable[[Array], Array]] = {
    "relu": lambda x: np.maximum(x, 0, out=x),
    "leaky_relu": _leaky_relu,
    "elu": _elu,
    "selu": lambda x: _SELU_SCALE * np.where(x > 0, x, _SELU_ALPHA * np.expm1(np.minimum(x, 0))),
    "gelu": _gelu,
    "swish": _swish,
    "softplus": lambda x: np.logaddexp(x, np.float32(0)),
    "sigmoid": _sigmoid,
    "tanh": lambda x: np.tanh(x, out=x),
    "linear": lambda x: x,
}
