"""The inner loop: many mini-batches in one compiled call.

The data matrix stays in place; each step gathers its rows by number, differentiates, and updates a
flat parameter vector that the loop carries. XLA compiles the whole loop once per matrix shape.
"""

from __future__ import annotations

import math

import numpy as np
import tensorflow as tf
from jaxtyping import Float32

from ae_pipeline.coding import Weights
from ae_pipeline.config.training import TrainingConfig
from ae_pipeline.training.objective import Objective, split_parameters
from ae_pipeline.training.optimizers import State, build_update


class CompiledLoop:
    """Training steps and evaluation of one objective, compiled.

    Args:
        objective: loss and parameters.
        config: optimiser.
        batch_size: rows per step.
        n_steps: steps that the learning-rate schedule is planned for.
    """

    def __init__(
        self, objective: Objective, config: TrainingConfig, batch_size: int, n_steps: int
    ) -> None:
        self._objective = objective
        self._batch_size = batch_size
        self._update = build_update(config, n_steps)
        #: run(data, order, n_steps, state) -> (state, mean loss); see `_run`.
        self.run = tf.function(self._run, jit_compile=True)
        #: evaluate(data, parameters) -> the objective's `evaluate` over `data`.
        self.evaluate = tf.function(self._evaluate, jit_compile=True)

    def start(self, weights: Weights) -> State:
        """Return the state before the first step."""
        parameters = np.concatenate([np.ravel(weights[name]) for name in self._objective.shapes])
        zeros = tf.zeros(parameters.shape, tf.float32)
        return State(tf.constant(parameters), zeros, zeros, tf.constant(0, tf.int32))

    def weights(self, parameters: Float32[np.ndarray, "parameters"]) -> Weights:
        """Split the flat vector into named arrays."""
        shapes = self._objective.shapes
        sizes = [math.prod(shape) for shape in shapes.values()]
        parts = np.split(parameters, np.cumsum(sizes)[:-1])
        return {
            name: part.reshape(shape)
            for (name, shape), part in zip(shapes.items(), parts, strict=True)
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
            loss, gradient = self._differentiate(tf.gather(data, rows), state)
            return i + 1, self._update(state, gradient), total + loss

        start = (tf.constant(0), state, tf.constant(0.0))
        _, state, total = tf.while_loop(lambda i, *_: i < n_steps, body, start)
        return state, total / tf.cast(tf.maximum(n_steps, 1), tf.float32)

    def _differentiate(self, batch: tf.Tensor, state: State) -> tuple[tf.Tensor, tf.Tensor]:
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(state.parameters)
            parameters = split_parameters(state.parameters, self._objective.shapes)
            loss = self._objective.loss(batch, parameters, state.step)
        return loss, tape.gradient(loss, state.parameters)

    def _evaluate(self, batch: tf.Tensor, parameters: tf.Tensor) -> tf.Tensor:
        named = split_parameters(parameters, self._objective.shapes)
        return self._objective.evaluate(batch, named)
