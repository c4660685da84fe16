"""The classical objective: reconstruct the input, MSE, MAE or Huber."""

from __future__ import annotations

import tensorflow as tf

from ae_pipeline.coding import Architecture
from ae_pipeline.config.training import TrainingConfig
from ae_pipeline.network.model import build_autoencoder, weight_names
from ae_pipeline.training.objective import Tensors


class ReconstructionObjective:
    """Mean loss of reconstructed values, missing ones left out.

    Args:
        architecture: of the autoencoder.
        config: the kind of loss.
    """

    def __init__(self, architecture: Architecture, config: TrainingConfig) -> None:
        self._model = build_autoencoder(architecture)
        self._names = weight_names(self._model)
        self._config = config
        self.shapes = architecture.weight_shapes()

    def loss(self, batch: tf.Tensor, parameters: Tensors, step: tf.Tensor) -> tf.Tensor:
        """Return `evaluate` of the batch: nothing is random here."""
        return self.evaluate(batch, parameters)

    def evaluate(self, batch: tf.Tensor, parameters: Tensors) -> tf.Tensor:
        """Return the mean loss over the values that are present."""
        is_present = tf.math.is_finite(batch)
        inputs = tf.where(is_present, batch, 0.0)
        variables = [parameters[name] for name in self._names]
        outputs, _ = self._model.stateless_call(variables, [], inputs)
        losses = tf.where(is_present, self._losses(outputs - inputs), 0.0)
        n_present = tf.reduce_sum(tf.cast(is_present, tf.float32))
        return tf.reduce_sum(losses) / tf.maximum(n_present, 1.0)

    def _losses(self, errors: tf.Tensor) -> tf.Tensor:
        """Return MSE, MAE or Huber 1964, value by value."""
        if self._config.loss == "mse":
            return tf.square(errors)
        if self._config.loss == "mae":
            return tf.abs(errors)
        delta = self._config.huber_delta
        small = tf.minimum(tf.abs(errors), delta)
        return small * (tf.abs(errors) - 0.5 * small)
