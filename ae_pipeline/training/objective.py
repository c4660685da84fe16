"""The objective that the compiled loop minimises: named parameters and the loss of a batch."""

from __future__ import annotations

import math
from typing import Protocol, TypeAlias

import tensorflow as tf

Tensors: TypeAlias = dict[str, tf.Tensor]


class Objective(Protocol):
    """A loss over named parameters.

    `loss` may draw noise that depends on `step`; `evaluate` must not.
    """

    shapes: dict[str, tuple[int, ...]]

    def loss(self, batch: tf.Tensor, parameters: Tensors, step: tf.Tensor) -> tf.Tensor:
        """Return a scalar to minimise; `batch` is [rows, inputs], NaN where a value is missing."""

    def evaluate(self, batch: tf.Tensor, parameters: Tensors) -> tf.Tensor:
        """Return the scalar to report and to choose the best weights by."""


def split_parameters(flat: tf.Tensor, shapes: dict[str, tuple[int, ...]]) -> Tensors:
    """Split the flat vector into named tensors."""
    sizes = [math.prod(shape) for shape in shapes.values()]
    return {
        name: tf.reshape(part, shape)
        for (name, shape), part in zip(shapes.items(), tf.split(flat, sizes), strict=True)
    }
