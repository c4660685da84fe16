"""Compare windows by linear networks in closed form, before anything is trained."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product

import numpy as np

from ae_pipeline.codec import ArchiveCodec
from ae_pipeline.planner.contest import Contest
from ae_pipeline.planner.klt import Spectrum, linear_network, measure_spectrum
from ae_pipeline.planner.shape import Shape
from ae_pipeline.standardization import Standardization

#: Deviations in tolerance units above which components are coded, and relative steps of their
#: codes, to try.
_LEVELS, _STEPS = (0.5, 1.0, 2.0), (0.6, 0.9)
#: Inputs of the widest network that is tried.
_MOST_INPUTS = 1024
#: Windows that a spectrum needs per input, to be more than chance.
_LEAST_WINDOWS = 2
_BYTES_PER_WEIGHT = 1.0


@dataclass(frozen=True)
class Screened:
    """The best linear network of one window."""

    shape: Shape
    codec: ArchiveCodec
    n_bytes: float


def screen(
    codec: ArchiveCodec,
    inputs: Standardization,
    windows: tuple[int, ...],
    latent_dim: int | None,
    contest: Contest,
) -> list[Screened]:
    """The best linear network of each window, those that can be told from chance.

    Args:
        codec: to which networks are added.
        inputs: columns that networks see.
        windows: to be tried.
        latent_dim: codes per window, or None to choose.
        contest: what measures; nothing is entered.
    """
    n_rows = sum(len(block) for block in contest.sample.blocks)
    found = []
    for window in windows:
        n_inputs = inputs.n_inputs * window
        is_chance = window > 1 and n_rows < _LEAST_WINDOWS * window * n_inputs
        if n_inputs > _MOST_INPUTS or is_chance:
            continue
        spectrum = measure_spectrum(codec, inputs, contest.sample, window)
        tried = list(_networks(codec, spectrum, latent_dim, contest))
        if tried:
            found.append(min(tried, key=lambda one: one.n_bytes))
    return found


def _networks(
    codec: ArchiveCodec, spectrum: Spectrum, latent_dim: int | None, contest: Contest
) -> Iterator[Screened]:
    """Networks of one window; those whose weights alone are too many are left out."""
    counts = {latent_dim or max(1, spectrum.count_above(level)) for level in _LEVELS}
    n_inputs = len(spectrum.gain)
    for count, relative in product(sorted(counts), _STEPS):
        n_latents = min(count, n_inputs)
        is_small = _BYTES_PER_WEIGHT * n_latents * n_inputs / contest.growth < contest.best_bytes
        if not is_small and spectrum.window > 1:
            continue
        # The error of all codes together is spread over all inputs.
        step = max(1.0, relative * float(np.sqrt(n_inputs / n_latents)))
        network = linear_network(codec, spectrum, n_latents, step)
        candidate = replace(codec, network=network)
        shape = Shape(spectrum.window, n_latents, step, hidden=0)
        yield Screened(shape, candidate, contest.bytes_of(candidate))
