"""SGD, Adam and AdamW as pure functions of one flat parameter vector, and their schedules.

Keras' own optimisers keep their state in variables, which a compiled loop must read and write
around every step. Here the whole state is a few tensors that the loop carries, so that thousands
of steps run in one call, and a checkpoint is those tensors. The formulas are Keras 3's.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeAlias

import tensorflow as tf

from ae_pipeline.config.training import TrainingConfig

_BETA_1, _BETA_2, _EPSILON = 0.9, 0.999, 1e-7
#: Share of the learning rate that the exponential schedule ends at.
_FINAL_SHARE = 0.01

Rate: TypeAlias = Callable[[tf.Tensor], tf.Tensor]


class State(NamedTuple):
    """Everything that changes from step to step.

    `first` and `second` are running moments of the gradient (for SGD, `first` is the velocity).
    """

    parameters: tf.Tensor  # [parameters]
    first: tf.Tensor  # [parameters]
    second: tf.Tensor  # [parameters]
    step: tf.Tensor  # int32 scalar, steps taken


Update: TypeAlias = Callable[[State, tf.Tensor], State]


def build_update(config: TrainingConfig, n_steps: int) -> Update:
    """Build the rule that turns a state and a gradient into the next state.

    Args:
        config: optimiser, learning rate and schedule.
        n_steps: steps that the schedule is planned for.
    """
    rate = build_rate(config, n_steps)
    if config.optimizer == "sgd":
        return lambda state, gradient: _sgd(state, gradient, rate, config.momentum)
    decay = config.weight_decay if config.optimizer == "adamw" else 0.0
    return lambda state, gradient: _adam(state, gradient, rate, decay)


def build_rate(config: TrainingConfig, n_steps: int) -> Rate:
    """Build the learning rate by step: a linear ramp up, then the schedule down to nearly 0."""
    warmup = tf.constant(float(int(config.warmup_fraction * n_steps)))
    span = tf.constant(float(max(n_steps, 1))) - warmup
    peak = tf.constant(config.learning_rate)

    def rate(step: tf.Tensor) -> tf.Tensor:
        position = tf.cast(step, tf.float32)
        ramp = tf.minimum((position + 1.0) / tf.maximum(warmup, 1.0), 1.0)
        progress = tf.clip_by_value((position - warmup) / tf.maximum(span, 1.0), 0.0, 1.0)
        return peak * ramp * _SHAPES[config.schedule](progress)

    return rate


_SHAPES: dict[str, Callable[[tf.Tensor], tf.Tensor]] = {
    "constant": tf.ones_like,
    "cosine": lambda progress: 0.5 * (1.0 + tf.cos(3.14159265 * progress)),
    "exponential": lambda progress: tf.pow(_FINAL_SHARE, progress),
}


def _sgd(state: State, gradient: tf.Tensor, rate: Rate, momentum: float) -> State:
    """Polyak 1964: velocity = momentum * velocity - rate * gradient."""
    velocity = momentum * state.first - rate(state.step) * gradient
    return State(state.parameters + velocity, velocity, state.second, state.step + 1)


def _adam(state: State, gradient: tf.Tensor, rate: Rate, decay: float) -> State:
    """Kingma and Ba 2015, algorithm 1; decoupled decay of Loshchilov and Hutter 2019."""
    learning_rate = rate(state.step)
    count = tf.cast(state.step + 1, tf.float32)
    first = _BETA_1 * state.first + (1.0 - _BETA_1) * gradient
    second = _BETA_2 * state.second + (1.0 - _BETA_2) * tf.square(gradient)
    size = learning_rate * tf.sqrt(1.0 - _BETA_2**count) / (1.0 - _BETA_1**count)
    shrunk = state.parameters * (1.0 - learning_rate * decay)
    return State(
        shrunk - size * first / (tf.sqrt(second) + _EPSILON), first, second, state.step + 1
    )
