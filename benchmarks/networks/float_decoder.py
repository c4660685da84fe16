"""The archive's decoder in floats, to apply and to train: activations are clipped, not rounded.

For comparison only: its predictions depend on the machine, so other machines could not decode.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import tensorflow as tf

from ae_pipeline.coding import ACTIVATION_MAX, ACTIVATION_STEPS, IntegerDecoder, Weights
from ae_pipeline.training.objective import Tensors
from ae_pipeline.training.rate import RateObjective, fold


@dataclass(frozen=True)
class FloatDecoder(IntegerDecoder):
    """An `IntegerDecoder` that predicts with the weights it was rounded from.

    Args:
        floats: weights by name, one hidden layer and a skip.
    """

    floats: Weights

    @classmethod
    def beside(cls, rounded: IntegerDecoder, floats: Weights) -> FloatDecoder:
        """Return the same network in floats; `rounded` lends the output's bias."""
        integers = {field.name: getattr(rounded, field.name) for field in fields(IntegerDecoder)}
        return cls(**integers, floats=floats)

    @property
    def rounded(self) -> IntegerDecoder:
        """The integer decoder of the same network."""
        return IntegerDecoder(*(getattr(self, field.name) for field in fields(IntegerDecoder)))

    @property
    def extra_bytes(self) -> int:
        """Bytes that float32 weights take beyond those of integers."""
        kernels = (self.hidden_weights, self.output_weights, self.skip_weights)
        return sum(4 * kernel.size - kernel.nbytes for kernel in kernels)

    def predict(self, codes: np.ndarray) -> np.ndarray:
        """Return predictions in tolerance units, feature-major."""
        kernels = {name: array.astype(np.float64) for name, array in self.floats.items()}
        hidden = codes @ kernels["decoder/0/kernel"] + kernels["decoder/0/bias"]
        hidden = np.clip(hidden, 0.0, ACTIVATION_MAX / ACTIVATION_STEPS)
        output = hidden @ kernels["decoder/1/kernel"] + codes @ kernels["decoder/skip/kernel"]
        return np.ascontiguousarray((output + self.output_bias).T)


class FloatObjective(RateObjective):
    """The rate objective of a decoder that is not rounded."""

    def _corrections(self, inputs: tf.Tensor, codes: tf.Tensor, parameters: Tensors) -> tf.Tensor:
        folded = fold(parameters, self._gain)
        hidden = codes @ folded["decoder/0/kernel"] + folded["decoder/0/bias"]
        hidden = tf.clip_by_value(hidden, 0.0, ACTIVATION_MAX / ACTIVATION_STEPS)
        output = hidden @ folded["decoder/1/kernel"] + codes @ folded["decoder/skip/kernel"]
        return inputs * self._gain - output - folded["decoder/1/bias"]
