"""The archive's decoder: codes → predictions, the same bits on every machine.

Weights are small integers, and every sum that a matrix product takes stays an integer that the
floating-point type holds exactly, so the order of summation, fused multiply-adds, threads and BLAS
kernels cannot change it. The rest is elementwise IEEE arithmetic, which has one answer.

Source of the idea: Balle, Johnston and Minnen 2019, "Integer Networks for Data Compression with
Latent-Variable Models".
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float32, Float64, Int, Int8, Int16, Int64

from ae_pipeline.coding.network.passes import Layer, Passes
from ae_pipeline.coding.network.shape import Weights

WEIGHT_MAX = 127
SKIP_MAX = 32767

#: Codes, hidden units and outputs of a tile stay in the cache: half the time of 4,096.
_TILE_ROWS = 512
#: Values of a tile; wide networks get fewer rows, so that layers take a few MiB at any width.
_TILE_VALUES = 1 << 19


@dataclass(frozen=True)
class IntegerDecoder:
    """One hidden layer of clipped, rounded ReLU beside a linear skip.

    A column of weights is `integers * 2 ** -shift`. Biases are float32 and added elementwise.

    Args:
        hidden_weights: int8, codes to hidden units.
        hidden_shift: int8, one per hidden unit.
        hidden_bias: float32.
        output_weights: int8, hidden units to outputs.
        output_shift: int8, one per output.
        skip_weights: int16, codes to outputs.
        skip_shift: int8, one per output.
        output_bias: float32.
    """

    hidden_weights: Int8[np.ndarray, "latent hidden"]
    hidden_shift: Int8[np.ndarray, "hidden"]
    hidden_bias: Float32[np.ndarray, "hidden"]
    output_weights: Int8[np.ndarray, "hidden outputs"]
    output_shift: Int8[np.ndarray, "outputs"]
    skip_weights: Int16[np.ndarray, "latent outputs"]
    skip_shift: Int8[np.ndarray, "outputs"]
    output_bias: Float32[np.ndarray, "outputs"]

    def __post_init__(self) -> None:
        if not (np.isfinite(self.hidden_bias).all() and np.isfinite(self.output_bias).all()):
            raise ValueError("a bias of the decoder is not finite")

    @property
    def latent_dim(self) -> int:
        """Codes per row."""
        return self.hidden_weights.shape[0]

    @classmethod
    def from_floats(cls, weights: Weights) -> IntegerDecoder:
        """Round the weights, by name, of a trained decoder with one hidden layer and a skip."""
        hidden, hidden_shift = round_columns(weights["decoder/0/kernel"], WEIGHT_MAX)
        output, output_shift = round_columns(weights["decoder/1/kernel"], WEIGHT_MAX)
        skip, skip_shift = round_columns(weights["decoder/skip/kernel"], SKIP_MAX)
        return cls(
            hidden_weights=hidden.astype(np.int8),
            hidden_shift=hidden_shift,
            hidden_bias=np.asarray(weights["decoder/0/bias"], np.float32),
            output_weights=output.astype(np.int8),
            output_shift=output_shift,
            skip_weights=skip.astype(np.int16),
            skip_shift=skip_shift,
            output_bias=np.asarray(weights["decoder/1/bias"], np.float32),
        )

    @classmethod
    def linear(
        cls, skip: Float32[np.ndarray, "latent outputs"], bias: Float32[np.ndarray, "outputs"]
    ) -> IntegerDecoder:
        """Build a decoder without hidden units: codes times `skip`, rounded, plus `bias`."""
        integers, shift = round_columns(skip, SKIP_MAX)
        latent_dim, n_outputs = skip.shape
        return cls(
            hidden_weights=np.zeros((latent_dim, 0), np.int8),
            hidden_shift=np.zeros(0, np.int8),
            hidden_bias=np.zeros(0, np.float32),
            output_weights=np.zeros((0, n_outputs), np.int8),
            output_shift=np.zeros(n_outputs, np.int8),
            skip_weights=integers.astype(np.int16),
            skip_shift=shift,
            output_bias=bias,
        )

    def with_coarse_skip(self, n_bits: int) -> IntegerDecoder:
        """Return the decoder with skip weights of `n_bits`, the sign among them."""
        floats = np.ldexp(self.skip_weights.astype(np.float64), -self.skip_shift.astype(np.int32))
        skip, shift = round_columns(floats.astype(np.float32), (1 << (n_bits - 1)) - 1)
        return replace(self, skip_weights=skip.astype(np.int16), skip_shift=shift)

    def predict(self, codes: Int[np.ndarray, "rows latent"]) -> Float64[np.ndarray, "outputs rows"]:
        """Predict in tolerance units, feature-major."""
        predictions = np.empty((len(self.output_bias), len(codes)))
        widest = max(*self.hidden_weights.shape, len(self.output_bias), 1)
        n_rows = max(1, min(_TILE_ROWS, _TILE_VALUES // widest))
        passes = Passes(
            Layer(self.hidden_weights, self.hidden_shift),
            Layer(self.output_weights, self.output_shift),
            Layer(self.skip_weights, self.skip_shift),
            (self.hidden_bias, self.output_bias),
        )
        for start in range(0, len(codes), n_rows):
            tile = codes[start : start + n_rows].T
            passes.predict(tile, predictions[:, start : start + n_rows])
        return predictions


def round_columns(
    kernel: Float32[np.ndarray, "inputs outputs"], largest: int
) -> tuple[Int64[np.ndarray, "inputs outputs"], Int8[np.ndarray, "outputs"]]:
    """Round each column to integers up to `largest`; return them and the shifts of their steps."""
    peak = np.maximum(np.abs(kernel.astype(np.float64)).max(axis=0, initial=0.0), 2.0**-100)
    shift = np.clip(-np.ceil(np.log2(peak / largest)), -120, 120)
    integers = np.rint(np.ldexp(kernel.astype(np.float64), shift.astype(np.int32)))
    return np.clip(integers, -largest, largest).astype(np.int64), shift.astype(np.int8)
