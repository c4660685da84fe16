"""Ascending numbers of many runs ↔ steps, each run from its first number on."""

from __future__ import annotations

import numpy as np
from jaxtyping import Int64, Shaped


def steps_of(
    numbers: Int64[np.ndarray, "numbers"], counts: Shaped[np.ndarray, "runs"]
) -> Int64[np.ndarray, "numbers"]:
    """Return the first number of each run, and the steps from one to the next."""
    steps = np.diff(numbers, prepend=0)
    starts = (np.cumsum(counts) - counts)[counts > 0]
    steps[starts] = numbers[starts]
    return steps


def sums_of(
    steps: Int64[np.ndarray, "numbers"], counts: Shaped[np.ndarray, "runs"]
) -> Int64[np.ndarray, "numbers"]:
    """Invert `steps_of`, modulo 2^64."""
    sums = np.cumsum(steps)
    starts = (np.cumsum(counts) - counts)[counts > 0]
    return sums - np.repeat((sums - steps)[starts], counts[counts > 0])
