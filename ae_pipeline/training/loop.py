"""The inner loop: many mini-batches in one compiled call.

The data matrix stays where it is; each step gathers its rows by number, differentiates and updates
a flat parameter vector that the loop carries. XLA compiles the whole loop once per matrix shape.
"""

from __future__ import annotations

import numpy as np
import tensorflow as tf
from jaxtyping import Float32

from ae_pipeline.architecture import Architecture, Weights
from ae_pipeline.config import TrainingConfig
from ae_pipeline.network import build_autoencoder, weight_names
from ae_pipeline.training.optimizers import State, build_update


class CompiledLoop:
    """Training steps and evaluation of one architecture, compiled.

    Args:
        architecture: shapes.
        config: loss and optimiser.
        batch_size: rows per step.
        n_steps: steps the learning-rate schedule is planned for.
    """

    def __init__(
        self, architecture: Architecture, config: TrainingConfig, batch_size: int, n_steps: int
    ) -> None:
        self._model = build_autoencoder(architecture)
        self._config = config
        self._batch_size = batch_size
        self._update = build_update(config, n_steps)
        self._names = weight_names(self._model)
        shapes = architecture.weight_shapes()
        self._shapes = [shapes[name] for name in self._names]
        self._sizes = [int(np.prod(shape)) for shape in self._shapes]
        #: run(data, order, n_steps, state) -> (state, mean loss); see `_run`.
        self.run = tf.function(self._run, jit_compile=True)
        #: evaluate(data, parameters) -> mean loss over `data`.
        self.evaluate = tf.function(self._evaluate, jit_compile=True)

    def start(self, weights: Weights) -> State:
        """The state before the first step."""
        parameters = np.concatenate([np.ravel(weights[name]) for name in self._names])
        zeros = tf.zeros(parameters.shape, tf.float32)
        return State(tf.constant(parameters), zeros, zeros, tf.constant(0, tf.int32))

    def weights(self, parameters: Float32[np.ndarray, "parameters"]) -> Weights:
        """The flat vector as named arrays."""
        parts = np.split(parameters, np.cumsum(self._sizes)[:-1])
        return {
            name: part.reshape(shape)
            for name, part, shape in zip(self._names, parts, self._shapes, strict=True)
        }

    def _run(
        self, data: tf.Tensor, order: tf.Tensor, n_steps: tf.Tensor, state: State
    ) -> tuple[State, tf.Tensor]:
        """Take `n_steps` steps.

        Args:
            data: [rows, inputs] float32, NaN where a value is missing.
            order: [steps * batch_size] int32 row numbers.
            n_steps: int32 scalar, at most `len(order) / batch_size`.
            state: before the first of them.

        Returns:
            The state after the last one, and the mean of the steps' losses.
        """

        def body(
            i: tf.Tensor, state: State, total: tf.Tensor
        ) -> tuple[tf.Tensor, State, tf.Tensor]:
            rows = tf.slice(order, [i * self._batch_size], [self._batch_size])
            loss, gradient = self._differentiate(tf.gather(data, rows), state.parameters)
            return i + 1, self._update(state, gradient), total + loss

        start = (tf.constant(0), state, tf.constant(0.0))
        _, state, total = tf.while_loop(lambda i, *_: i < n_steps, body, start)
        return state, total / tf.cast(tf.maximum(n_steps, 1), tf.float32)

    def _differentiate(
        self, batch: tf.Tensor, parameters: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(parameters)
            loss = self._evaluate(batch, parameters)
        return loss, tape.gradient(loss, parameters)

    def _evaluate(self, batch: tf.Tensor, parameters: tf.Tensor) -> tf.Tensor:
        """Mean loss over the values that are present."""
        is_present = tf.math.is_finite(batch)
        inputs = tf.where(is_present, batch, 0.0)
        variables = [
            tf.reshape(part, shape)
            for part, shape in zip(tf.split(parameters, self._sizes), self._shapes, strict=True)
        ]
        outputs, _ = self._model.stateless_call(variables, [], inputs)
        losses = tf.where(is_present, self._losses(outputs - inputs), 0.0)
        n_present = tf.reduce_sum(tf.cast(is_present, tf.float32))
        return tf.reduce_sum(losses) / tf.maximum(n_present, 1.0)

    def _losses(self, errors: tf.Tensor) -> tf.Tensor:
        """MSE, MAE, or Huber 1964, value by value."""
        if self._config.loss == "mse":
            return tf.square(errors)
        if self._config.loss == "mae":
            return tf.abs(errors)
        delta = self._config.huber_delta
        small = tf.minimum(tf.abs(errors), delta)
        return small * (tf.abs(errors) - 0.5 * small)
