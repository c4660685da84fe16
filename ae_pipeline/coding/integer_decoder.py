"""The archive's decoder: codes → predictions, the same bits on every machine.

Weights are small integers, and every sum that a matrix product takes stays an integer that the
floating-point type holds exactly, so the order of summation, fused multiply-adds, threads and BLAS
kernels cannot change it. The rest is elementwise IEEE arithmetic, which has one answer.

Source of the idea: Balle, Johnston and Minnen 2019, "Integer Networks for Data Compression with
Latent-Variable Models".
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from jaxtyping import Float, Float32, Float64, Int, Int8, Int16, Int64, Shaped

from ae_pipeline.coding.network_shape import Weights
from ae_pipeline.compiled import doing_without, ran

#: Hidden activations are eight bits: 0 to 255 in steps of 1/64.
ACTIVATION_STEPS = 64
ACTIVATION_MAX = 255
WEIGHT_MAX = 127
SKIP_MAX = 32767
#: Largest magnitude of a code, so that sums of products stay small.
CODE_MAX = 32767

_FLOAT32_EXACT = 1 << 24
_TILE_ROWS = 4096
#: Values of a tile; wide networks get fewer rows, so that layers take a few MiB at any width.
_TILE_VALUES = 1 << 19

Sums = Float[np.ndarray, "outputs rows"]


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
        passes = _Passes(self)
        for start in range(0, len(codes), n_rows):
            tile = codes[start : start + n_rows].T
            passes.predict(tile, predictions[:, start : start + n_rows])
        return predictions


class _Passes:
    """The products of a decoder and what is done between them, for tiles of rows.

    Args:
        decoder: with weights and biases.
    """

    def __init__(self, decoder: IntegerDecoder) -> None:
        self._to_hidden = _ExactProduct(decoder.hidden_weights)
        self._to_output = _ExactProduct(decoder.output_weights)
        self._skipping = _ExactProduct(decoder.skip_weights)
        self._hidden_scales = np.ldexp(1.0, -decoder.hidden_shift.astype(np.int32))
        self._hidden_biases = decoder.hidden_bias.astype(np.float64)
        steps = 1.0 / ACTIVATION_STEPS
        self._output_scales = np.ldexp(steps, -decoder.output_shift.astype(np.int32))
        self._skip_scales = np.ldexp(1.0, -decoder.skip_shift.astype(np.int32))
        self._output_biases = decoder.output_bias.astype(np.float64)

    def predict(
        self, codes: Int[np.ndarray, "latent rows"], outputs: Float64[np.ndarray, "outputs rows"]
    ) -> None:
        """Predict a tile of rows."""
        hidden = self._activations(self._to_hidden(codes, CODE_MAX))
        own, skip = self._to_output(hidden, ACTIVATION_MAX), self._skipping(codes, CODE_MAX)
        if ran(lambda: self._add_compiled(own, skip, outputs)):
            return
        with doing_without():
            np.multiply(own, self._output_scales[:, None], out=outputs)
            outputs += skip * self._skip_scales[:, None]
            outputs += self._output_biases[:, None]

    def _add_compiled(
        self, own: Sums, skip: Sums, outputs: Float64[np.ndarray, "outputs rows"]
    ) -> None:
        from ae_pipeline.compiled.decoding import add_branches  # noqa: PLC0415

        scales = self._output_scales, skip, self._skip_scales
        add_branches(own, *scales, self._output_biases, outputs)

    def _activations(self, sums: Sums) -> Float[np.ndarray, "hidden rows"]:
        found = np.empty(sums.shape, np.float32)

        def use_kernel() -> None:
            from ae_pipeline.compiled.decoding import activate  # noqa: PLC0415

            given = sums, self._hidden_scales, self._hidden_biases
            activate(*given, float(ACTIVATION_STEPS), float(ACTIVATION_MAX), found)

        if ran(use_kernel):
            return found
        with doing_without():
            hidden = sums * self._hidden_scales[:, None]
            hidden += self._hidden_biases[:, None]
            hidden *= ACTIVATION_STEPS
            np.rint(hidden, out=hidden)
            return np.clip(hidden, 0, ACTIVATION_MAX, out=hidden)


def round_columns(
    kernel: Float32[np.ndarray, "inputs outputs"], largest: int
) -> tuple[Int64[np.ndarray, "inputs outputs"], Int8[np.ndarray, "outputs"]]:
    """Round each column to integers up to `largest`; return them and the shifts of their steps."""
    peak = np.maximum(np.abs(kernel.astype(np.float64)).max(axis=0, initial=0.0), 2.0**-100)
    shift = np.clip(-np.ceil(np.log2(peak / largest)), -120, 120)
    integers = np.rint(np.ldexp(kernel.astype(np.float64), shift.astype(np.int32)))
    return np.clip(integers, -largest, largest).astype(np.int64), shift.astype(np.int8)


class _ExactProduct:
    """Matrix products of integers in the fastest type in which every partial sum is exact.

    Sums of int16 weights and CODE_MAX codes of a million latents stay below 2 ** 53.
    """

    def __init__(self, weights: Int[np.ndarray, "inner outputs"]) -> None:
        self._most = int(np.abs(weights, dtype=np.int64).sum(axis=0).max(initial=0))
        self._cast = lru_cache(weights.T.astype)

    def __call__(self, inputs: Shaped[np.ndarray, "inner rows"], bound: int) -> Sums:
        """Multiply the weights with inputs whose magnitudes are at most `bound`."""
        largest = int(np.abs(inputs).max(initial=0)) if bound > ACTIVATION_MAX else bound
        kind = np.float32 if largest * self._most < _FLOAT32_EXACT else np.float64
        return self._cast(kind) @ inputs.astype(kind, copy=False)
