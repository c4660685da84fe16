"""The archive's decoder: codes → predictions, the same bits on every machine.

Weights are small integers, and every sum that a matrix product takes stays an integer that the
floating-point type holds exactly, so the order of summation, fused multiply-adds, threads and BLAS
kernels cannot change it. All else is elementwise IEEE arithmetic, which has one answer.

Source of the idea: Balle, Johnston and Minnen 2019, "Integer Networks for Data Compression with
Latent-Variable Models".
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float32, Float64, Int8, Int16, Int64, Shaped

from ae_pipeline.architecture import Weights

#: Hidden activations are eight bits: 0 to 255 in steps of 1/64.
ACTIVATION_STEPS = 64
ACTIVATION_MAX = 255
WEIGHT_MAX = 127
SKIP_MAX = 32767
#: Codes are clipped to this, so that sums of products stay small.
CODE_MAX = 32767

_FLOAT32_EXACT = 1 << 24
_TILE_ROWS = 4096


@dataclass(frozen=True)
class IntegerDecoder:
    """One hidden layer of clipped, rounded ReLU beside a linear skip.

    A column of weights is `integers * 2 ** -shift`. Biases are float32 numbers that are added
    elementwise.

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

    @property
    def latent_dim(self) -> int:
        """Codes per row."""
        return self.hidden_weights.shape[0]

    @classmethod
    def from_floats(cls, weights: Weights) -> IntegerDecoder:
        """Round a trained decoder: weights by name, one hidden layer and a skip."""
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

    def with_coarse_skip(self, n_bits: int) -> IntegerDecoder:
        """With skip weights of so many bits, the sign among them."""
        floats = np.ldexp(self.skip_weights.astype(np.float64), -self.skip_shift.astype(np.int32))
        skip, shift = round_columns(floats.astype(np.float32), (1 << (n_bits - 1)) - 1)
        return replace(self, skip_weights=skip.astype(np.int16), skip_shift=shift)

    def predict(
        self, codes: Int64[np.ndarray, "rows latent"]
    ) -> Float64[np.ndarray, "outputs rows"]:
        """Predictions in tolerance units, feature-major."""
        predictions = np.empty((len(self.output_bias), len(codes)))
        for start in range(0, len(codes), _TILE_ROWS):
            tile = codes[start : start + _TILE_ROWS]
            predictions[:, start : start + _TILE_ROWS] = self._predict_tile(tile).T
        return predictions

    def _predict_tile(
        self, codes: Int64[np.ndarray, "rows latent"]
    ) -> Float64[np.ndarray, "rows outputs"]:
        hidden = _exact_product(codes, self.hidden_weights, CODE_MAX).astype(np.float64)
        hidden *= np.ldexp(1.0, -self.hidden_shift.astype(np.int32))
        hidden += self.hidden_bias
        hidden *= ACTIVATION_STEPS
        np.rint(hidden, out=hidden)
        np.clip(hidden, 0, ACTIVATION_MAX, out=hidden)
        output = _exact_product(hidden, self.output_weights, ACTIVATION_MAX).astype(np.float64)
        output *= np.ldexp(1.0 / ACTIVATION_STEPS, -self.output_shift.astype(np.int32))
        skip = _exact_product(codes, self.skip_weights, CODE_MAX).astype(np.float64)
        skip *= np.ldexp(1.0, -self.skip_shift.astype(np.int32))
        output += skip
        output += self.output_bias
        return output


def round_columns(
    kernel: Float32[np.ndarray, "inputs outputs"], largest: int
) -> tuple[Int64[np.ndarray, "inputs outputs"], Int8[np.ndarray, "outputs"]]:
    """Each column as integers up to `largest` and the shift of its power-of-two step."""
    peak = np.maximum(np.abs(kernel.astype(np.float64)).max(axis=0, initial=0.0), 2.0**-100)
    shift = np.clip(-np.ceil(np.log2(peak / largest)), -120, 120)
    integers = np.rint(np.ldexp(kernel.astype(np.float64), shift.astype(np.int32)))
    return np.clip(integers, -largest, largest).astype(np.int64), shift.astype(np.int8)


def _exact_product(
    left: Shaped[np.ndarray, "rows inner"], right: Shaped[np.ndarray, "inner outputs"], bound: int
) -> Shaped[np.ndarray, "rows outputs"]:
    """A matrix product of integers in the fastest type in which every partial sum is exact.

    `bound` is the most that `left` may hold; sums of int16 weights and CODE_MAX codes of a
    thousand latents stay below 2 ** 53.
    """
    largest = int(np.abs(left).max(initial=0)) if bound > ACTIVATION_MAX else bound
    column_sums = np.abs(right.astype(np.int64)).sum(axis=0).max(initial=0)
    kind = np.float32 if largest * int(column_sums) < _FLOAT32_EXACT else np.float64
    return left.astype(kind) @ right.astype(kind)
