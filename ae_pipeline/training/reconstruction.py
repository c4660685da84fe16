"""The classical objective: reconstruct the input, each column by a loss of its kind.

Numbers have MSE, MAE or Huber, categories the cross-entropy of a softmax, texts the squared
distance of their bags. The loss of a number is in units of its variance, that of categories in
units of their entropy; a bag has length 1.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import tensorflow as tf
from jaxtyping import Float32

from ae_pipeline.coding import Architecture, Weights
from ae_pipeline.config.training import TrainingConfig
from ae_pipeline.inputs import Category, RowInputs
from ae_pipeline.network.model import build_halves, weight_names
from ae_pipeline.training.objective import Tensors

#: A number counts as much as so many columns of categories: what its error costs a reader of the
#: values grows with its range, while a wrong category is wrong once.
_NUMBER_WEIGHT = 3.0
#: Categories of less entropy are nearly constant, and must not weigh more for it.
_LEAST_ENTROPY = 0.05


@dataclass(frozen=True)
class Anchor:
    """The linear map that latents are drawn to, so that they keep what principal components mean.

    Args:
        kernel: inputs to latents.
        bias: of the latents.
        weight: of the squared distance, in the loss.
    """

    kernel: Float32[np.ndarray, "inputs latent"]
    bias: Float32[np.ndarray, "latent"]
    weight: float

    @classmethod
    def at(cls, architecture: Architecture, weights: Weights, weight: float) -> Anchor | None:
        """Return the linear part of a network; None for a weight of 0, or without such a part."""
        if not weight or architecture.design != "residual":
            return None
        last = len(architecture.encoder_hidden)
        return cls(weights["encoder/skip/kernel"], weights[f"encoder/{last}/bias"], weight)


class ReconstructionObjective:
    """Mean loss of reconstructed values, missing ones left out.

    Args:
        architecture: of the autoencoder.
        config: the kind of loss of numbers.
        inputs: what the network sees; None if it sees numbers only.
        anchor: of the latents, or None.
    """

    def __init__(
        self,
        architecture: Architecture,
        config: TrainingConfig,
        inputs: RowInputs | None = None,
        anchor: Anchor | None = None,
    ) -> None:
        self._encoder, self._decoder = build_halves(architecture)
        self._encoder_names = weight_names(self._encoder)
        self._decoder_names = weight_names(self._decoder)
        self._config = config
        self._inputs = inputs
        self._anchor = anchor
        self.shapes = architecture.weight_shapes()

    def loss(self, batch: tf.Tensor, parameters: Tensors, step: tf.Tensor) -> tf.Tensor:
        """Return `evaluate` of the batch, and the pull of the anchor: nothing is random here."""
        is_present, inputs = _filled(batch)
        latents = self._encode(inputs, parameters)
        loss = self._reconstruction(is_present, inputs, latents, parameters)
        if self._anchor is None:
            return loss
        principal = inputs @ self._anchor.kernel + self._anchor.bias
        return loss + self._anchor.weight * tf.reduce_mean(tf.square(latents - principal))

    def evaluate(self, batch: tf.Tensor, parameters: Tensors) -> tf.Tensor:
        """Return the mean loss over the values that are present."""
        is_present, inputs = _filled(batch)
        latents = self._encode(inputs, parameters)
        return self._reconstruction(is_present, inputs, latents, parameters)

    def _encode(self, inputs: tf.Tensor, parameters: Tensors) -> tf.Tensor:
        variables = [parameters[name] for name in self._encoder_names]
        return self._encoder.stateless_call(variables, [], inputs)[0]

    def _reconstruction(
        self, is_present: tf.Tensor, inputs: tf.Tensor, latents: tf.Tensor, parameters: Tensors
    ) -> tf.Tensor:
        variables = [parameters[name] for name in self._decoder_names]
        outputs, _ = self._decoder.stateless_call(variables, [], latents)
        if self._inputs is None:
            return _mean(self._losses(outputs - inputs), is_present)
        n, weights = self._inputs.n_measured, self._inputs.weights
        if not self._inputs.categories and not self._inputs.texts:
            return _mean(self._losses(outputs - inputs), is_present, weights)
        losses = [
            _cross_entropy(one, outputs[:, span], inputs[:, span], is_present[:, span.start])
            for one, span in self._inputs.category_spans
        ]
        losses += [
            tf.reduce_mean(tf.reduce_sum(tf.square(outputs[:, span] - inputs[:, span]), axis=1))
            for span in self._inputs.text_spans
        ]
        total = tf.add_n(losses)
        n_columns = float(len(losses))
        if n:
            losses_of_numbers = self._losses(outputs[:, :n] - inputs[:, :n])
            numbers = _mean(losses_of_numbers, is_present[:, :n], weights)
            total += _NUMBER_WEIGHT * float(weights.sum()) * numbers
            n_columns += _NUMBER_WEIGHT * float(weights.sum())
        return total / n_columns

    def _losses(self, errors: tf.Tensor) -> tf.Tensor:
        """Return MSE, MAE or Huber 1964, value by value."""
        if self._config.loss == "mse":
            return tf.square(errors)
        if self._config.loss == "mae":
            return tf.abs(errors)
        delta = self._config.huber_delta
        small = tf.minimum(tf.abs(errors), delta)
        return small * (tf.abs(errors) - 0.5 * small)


def _filled(batch: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Return which values are present, and the batch with 0 for the others."""
    is_present = tf.math.is_finite(batch)
    return is_present, tf.where(is_present, batch, 0.0)


def _mean(
    losses: tf.Tensor,
    is_present: tf.Tensor,
    weights: Float32[np.ndarray, "measured"] | None = None,
) -> tf.Tensor:
    """Return the mean of present losses; weights are per column, 1 by default."""
    counts = tf.cast(is_present, tf.float32)
    if weights is not None and (weights != 1).any():
        counts *= weights
    n_present = tf.reduce_sum(counts)
    return tf.reduce_sum(tf.where(is_present, losses, 0.0) * counts) / tf.maximum(n_present, 1.0)


def _cross_entropy(
    category: Category, logits: tf.Tensor, inputs: tf.Tensor, is_known: tf.Tensor
) -> tf.Tensor:
    """Return the mean cross-entropy of the known categories, in units of their entropy."""
    losses = tf.nn.softmax_cross_entropy_with_logits(inputs + category.prior, logits)
    return _mean(losses, is_known) / max(category.entropy, _LEAST_ENTROPY)
