"""The decoder's matrix products and what is done between them: the same bits on every machine."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Float32, Float64, Int, Int8, Shaped

from ae_pipeline.compiled import doing_without, ran

#: Hidden activations are eight bits: 0 to 255 in steps of 1/64.
ACTIVATION_STEPS = 64
ACTIVATION_MAX = 255
#: Largest magnitude of a code, so that sums of products stay small.
CODE_MAX = 32767

_FLOAT32_EXACT = 1 << 24

Sums = Float[np.ndarray, "outputs rows"]


class Layer(NamedTuple):
    """Weights of a layer: integers times `2 ** -shift`."""

    integers: Int[np.ndarray, "inputs outputs"]
    shift: Int8[np.ndarray, "outputs"]


class Passes:
    """The products of a decoder and what is done between them, for tiles of rows.

    Args:
        hidden: codes to hidden units.
        output: hidden units to outputs.
        skip: codes to outputs.
        biases: of hidden units and of outputs.
    """

    def __init__(
        self,
        hidden: Layer,
        output: Layer,
        skip: Layer,
        biases: tuple[Float32[np.ndarray, "hidden"], Float32[np.ndarray, "outputs"]],
    ) -> None:
        self._to_hidden = _ExactProduct(hidden.integers)
        self._to_output = _ExactProduct(output.integers)
        self._skipping = _ExactProduct(skip.integers)
        self._hidden_scales = _scales(hidden)
        self._output_scales = _scales(output) / ACTIVATION_STEPS
        self._skip_scales = _scales(skip)
        self._hidden_biases, self._output_biases = (b.astype(np.float64) for b in biases)

    def predict(
        self, codes: Int[np.ndarray, "latent rows"], outputs: Float64[np.ndarray, "outputs rows"]
    ) -> None:
        """Predict a tile of rows."""
        largest = int(np.abs(codes).max(initial=0))
        hidden = self._activations(self._to_hidden(codes, largest))
        own, skip = self._to_output(hidden, ACTIVATION_MAX), self._skipping(codes, largest)
        branches = own, self._output_scales, skip, self._skip_scales
        if ran("decoding.add_branches", *branches, self._output_biases, outputs):
            return
        with doing_without():
            np.multiply(own, self._output_scales[:, None], out=outputs)
            outputs += skip * self._skip_scales[:, None]
            outputs += self._output_biases[:, None]

    def _activations(self, sums: Sums) -> Float[np.ndarray, "hidden rows"]:
        found = np.empty(sums.shape, np.float32)
        given = sums, self._hidden_scales, self._hidden_biases
        limits = float(ACTIVATION_STEPS), float(ACTIVATION_MAX)
        if ran("decoding.activate", *given, *limits, found):
            return found
        with doing_without():
            hidden = sums * self._hidden_scales[:, None]
            hidden += self._hidden_biases[:, None]
            hidden *= ACTIVATION_STEPS
            np.rint(hidden, out=hidden)
            return np.clip(hidden, 0, ACTIVATION_MAX, out=hidden)


def _scales(layer: Layer) -> Float64[np.ndarray, "outputs"]:
    return np.ldexp(1.0, -layer.shift.astype(np.int32))


class _ExactProduct:
    """Matrix products of integers in the fastest type in which every partial sum is exact.

    Sums of int16 weights and CODE_MAX codes of a million latents stay below 2 ** 53.
    """

    def __init__(self, weights: Int[np.ndarray, "inner outputs"]) -> None:
        self._most = int(np.abs(weights, dtype=np.int64).sum(axis=0).max(initial=0))
        self._cast = lru_cache(weights.T.astype)

    def __call__(self, inputs: Shaped[np.ndarray, "inner rows"], largest: int) -> Sums:
        """Multiply the weights with inputs whose magnitudes are at most `largest`."""
        kind = np.float32 if largest * self._most < _FLOAT32_EXACT else np.float64
        return self._cast(kind) @ inputs.astype(kind, copy=False)
