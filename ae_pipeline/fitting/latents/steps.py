"""Choose steps of latents by measure: coarse where the reconstruction hardly feels it.

Uniform rounding errs by step²/12 in the square, times the decoder's sensitivity along the
dimension. For a given sum of these errors, bits are fewest where every dimension adds the same.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float32, Float64

from ae_pipeline.codec.features.rounding import (
    INT8_MAX,
    LEAST_STEP,
    MOST_STEP,
    LatentRounding,
    common_step,
    power_of_two,
)
from ae_pipeline.config.network import LatentType

#: Sensitivity is measured with a step of this many standard deviations.
_PROBE = 0.25
#: The least sensitivity of a dimension, as part of the greatest: a sample's own is noise below.
_LEAST_GAIN = 1e-4
#: Part of the growth that a sample may show, since other rows may show more.
_MARGIN = 0.95
#: Powers of two of the common scale, between which the bisection looks.
_LEAST_POWER, _MOST_POWER, _HALVINGS = -24.0, 8.0, 10
#: Scales of int8 that are tried, by quarters of a power of two from that which clips nothing.
_INT8_SCALES = 13
#: Significant bits of a scale of int8, so that its multiples are exact in float32.
_INT8_BITS = 8


@dataclass(frozen=True)
class Rows:
    """Rows to measure on.

    Args:
        latents: exact ones.
        loss: mean squared error that rounded latents of the same rows decode to.
        kind: type that latents are stored in.
    """

    latents: Float32[np.ndarray, "rows latent"]
    loss: Callable[[Float32[np.ndarray, "rows latent"]], float]
    kind: LatentType

    @cached_property
    def exact_loss(self) -> float:
        """Loss of the latents as they are."""
        return self.loss(self.latents)

    def loss_of(self, steps: Float64[np.ndarray, "latent"] | tuple[float, ...]) -> float:
        """Return the loss of latents in these steps; the exact one without steps."""
        return self.loss(self.rounding(steps).apply(self.latents))

    def rounding(self, steps: Float64[np.ndarray, "latent"] | tuple[float, ...]) -> LatentRounding:
        """Return the rounding to these steps."""
        return LatentRounding(self.kind, tuple(map(float, steps)))

    def bits_of(self, steps: Float64[np.ndarray, "latent"] | tuple[float, ...]) -> float:
        """Return the mean entropy of a latent's number in these steps, in bits."""
        rounded = self.rounding(steps).apply(self.latents)
        return float(np.mean([_entropy(column) for column in rounded.T]))


def steps_within(rows: Rows, most_growth: float) -> tuple[float, ...]:
    """Return the largest steps with which the loss grows by at most a share of itself.

    Args:
        rows: to measure on.
        most_growth: share of the loss of exact latents.

    Returns:
        A power of two per dimension; nothing where even tiny steps are too large.
    """
    most = rows.exact_loss * (1 + _MARGIN * most_growth)

    def is_small(steps: Float64[np.ndarray, "latent"]) -> bool:
        return rows.loss_of(steps) <= most

    return _largest(_shape(rows), is_small)


def steps_of_bits(rows: Rows, bits: float) -> tuple[float, ...]:
    """Return the smallest steps with which a number has at most so many bits on average."""
    shape = _shape(rows)
    low, high = _LEAST_POWER, _MOST_POWER
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        is_few = rows.bits_of(_powers(shape, middle)) <= bits
        low, high = (low, middle) if is_few else (middle, high)
    return tuple(_powers(shape, high).tolist())


def int8_steps(rows: Rows) -> tuple[float, ...]:
    """Return the one step of all dimensions with which int8 loses least: clipped or coarse."""
    most = float(np.abs(rows.latents).max(initial=0)) / INT8_MAX or 1.0
    scales = [_few_bits(most * 2 ** (-number / 4)) for number in range(_INT8_SCALES)]
    steps = [common_step(scale, rows.latents.shape[1]) for scale in scales]
    return min(steps, key=rows.loss_of)


def _shape(rows: Rows) -> Float64[np.ndarray, "latent"]:
    """Return steps that add the same error each, up to a common factor, in units of the latents."""
    spread = rows.latents.std(axis=0, dtype=np.float64)
    probe = _PROBE * np.where(spread > 0, spread, 1.0)
    gains = np.array([_gain(rows, number, step) for number, step in enumerate(probe)])
    floor = _LEAST_GAIN * max(float(gains.max()), np.finfo(np.float64).tiny)
    shape = 1 / np.sqrt(np.maximum(gains, floor) / np.maximum(gains.max(), floor))
    # The factor is 1 where the most sensitive dimension has steps of about a standard deviation.
    return shape * probe[gains.argmax()] / _PROBE


def _gain(rows: Rows, number: int, step: float) -> float:
    """Return the loss that rounding one dimension adds, per squared step."""
    latents = rows.latents.copy()
    latents[:, number] = np.rint(latents[:, number] / step) * step
    return (rows.loss(latents) - rows.exact_loss) / step**2


def _largest(
    shape: Float64[np.ndarray, "latent"], is_small: Callable[[Float64[np.ndarray, "latent"]], bool]
) -> tuple[float, ...]:
    low, high = _LEAST_POWER, _MOST_POWER
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if is_small(_powers(shape, middle)) else (low, middle)
    if low == _LEAST_POWER:
        return ()
    steps = _powers(shape, low)
    for number in np.argsort(steps - shape * 2**low):  # what was rounded down most comes first
        doubled = steps.copy()
        doubled[number] *= 2
        steps = doubled if is_small(doubled) else steps
    return tuple(steps.tolist())


def _powers(shape: Float64[np.ndarray, "latent"], power: float) -> Float64[np.ndarray, "latent"]:
    """Return the powers of two below a common factor times the shape."""
    wanted = np.clip(shape * 2.0**power, LEAST_STEP, MOST_STEP)
    return np.array([power_of_two(one) for one in wanted.tolist()])


def _few_bits(number: float) -> float:
    """Return a number with few significant bits, not below another one."""
    unit = power_of_two(number) / (1 << (_INT8_BITS - 1))
    return float(np.ceil(number / unit) * unit)


def _entropy(numbers: Float32[np.ndarray, "rows"]) -> float:
    _, counts = np.unique(numbers, return_counts=True)
    shares = counts / max(len(numbers), 1)
    return float(-(shares * np.log2(shares)).sum()) + 0.0
