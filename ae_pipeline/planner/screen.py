"""Compare windows by linear networks in closed form, before anything is trained."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ae_pipeline.codec.archive import ArchiveCodec
from ae_pipeline.columns import Standardization
from ae_pipeline.planner.candidate_shape import CandidateShape
from ae_pipeline.planner.klt import Spectrum, linear_network, measure_spectrum
from ae_pipeline.planner.leaderboard import Leaderboard
from ae_pipeline.planner.weight_precision import SCREENED_BYTES_PER_WEIGHT, coarsest

#: What is tried: deviations in tolerance units above which components are coded, and relative steps
#: of their codes.
_LEVELS, _STEPS = (0.5, 1.0, 2.0), (0.6, 0.9)
#: Inputs of the widest network to try.
_MOST_INPUTS = 1024
#: Windows that a spectrum needs per input to be more than chance.
_LEAST_WINDOWS = 2
#: Share of all bytes below which coarser weights are not tried.
_SMALL_MODEL = 0.05


@dataclass(frozen=True)
class Screened:
    """The best linear network of one window."""

    shape: CandidateShape
    codec: ArchiveCodec
    n_bytes: float


def screen(
    codec: ArchiveCodec,
    inputs: Standardization,
    windows: tuple[int, ...],
    latent_dim: int | None,
    leaderboard: Leaderboard,
) -> list[Screened]:
    """Find the best linear network of each window that the sample can tell from chance.

    Args:
        codec: networks are added to it.
        inputs: columns that networks see.
        windows: to try.
        latent_dim: codes per window, or None to choose.
        leaderboard: measures; nothing is entered.
    """
    n_rows = sum(len(block) for block in leaderboard.sample.blocks)
    found = []
    for window in windows:
        n_inputs = inputs.n_inputs * window
        is_chance = window > 1 and n_rows < _LEAST_WINDOWS * window * n_inputs
        if n_inputs > _MOST_INPUTS or is_chance:
            continue
        spectrum = measure_spectrum(codec, inputs, leaderboard.sample, window)
        best = _best_network(codec, spectrum, latent_dim, leaderboard)
        found += [best] if best is not None else []
    return found


def _best_network(
    codec: ArchiveCodec, spectrum: Spectrum, latent_dim: int | None, leaderboard: Leaderboard
) -> Screened | None:
    """Find the best number of codes at the finest step, then the best step for it.

    Returns None if the weights alone take more bytes than they could save.
    """
    n_inputs = len(spectrum.gain)
    counts = {latent_dim or max(1, spectrum.count_above(level)) for level in _LEVELS}
    affordable = [
        count
        for count in sorted(min(count, n_inputs) for count in counts)
        if spectrum.window == 1
        or SCREENED_BYTES_PER_WEIGHT * count * n_inputs / leaderboard.growth
        < leaderboard.best_bytes
    ]
    if not affordable:
        return None
    first, *others = _STEPS
    tried = [_measure(codec, spectrum, count, first, leaderboard) for count in affordable]
    best = min(tried, key=lambda one: one.n_bytes)
    count = best.shape.latent_dim
    coarser = [_measure(codec, spectrum, count, step, leaderboard) for step in others]
    best = min([best, *coarser], key=lambda one: one.n_bytes)
    if leaderboard.model_bytes(best.codec) < _SMALL_MODEL * best.n_bytes:
        return best
    n_bytes, rounded = coarsest(best.codec, leaderboard.bytes_of)
    return replace(best, codec=rounded, n_bytes=n_bytes) if n_bytes < best.n_bytes else best


def _measure(
    codec: ArchiveCodec,
    spectrum: Spectrum,
    n_latents: int,
    relative: float,
    leaderboard: Leaderboard,
) -> Screened:
    # The error of all codes together is spread over all inputs.
    step = max(1.0, relative * float(np.sqrt(len(spectrum.gain) / n_latents)))
    candidate = replace(codec, network=linear_network(codec, spectrum, n_latents, step))
    shape = CandidateShape(spectrum.window, n_latents, step, hidden=0)
    return Screened(shape, candidate, leaderboard.bytes_of(candidate))
