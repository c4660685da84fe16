"""Compare windows by linear networks in closed form, before anything is trained."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any  # a list of what is screened

import numpy as np

from ae_pipeline.codec.archive import ArchiveCodec
from ae_pipeline.columns import Standardization
from ae_pipeline.config.job import ExecutionConfig
from ae_pipeline.planner.candidate_shape import CandidateShape
from ae_pipeline.planner.klt import Spectrum, linear_network, measure_spectrum
from ae_pipeline.planner.leaderboard import Leaderboard
from ae_pipeline.planner.weight_precision import SCREENED_BYTES_PER_WEIGHT, coarsest
from ae_pipeline.results.dataset import FragmentFailure
from ae_pipeline.results.progress import silent
from ae_pipeline.work import gather

logger = logging.getLogger(__name__)

#: What is tried: deviations in tolerance units above which components are coded, and relative steps
#: of their codes.
_LEVELS, _STEPS = (0.5, 1.0, 2.0), (0.6, 0.9)
#: How often the sample is encoded for a window, about.
_ENCODED = 6
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


@dataclass(frozen=True)
class Window:
    """A window to try.

    Args:
        n_rows: in it.
        size_bytes: of all blocks that are encoded for it, about.
    """

    n_rows: int
    size_bytes: int

    @property
    def relative(self) -> str:
        """Its name, for messages."""
        return f"window of {self.n_rows}"


@dataclass(frozen=True)
class ScreenWork:
    """Finds the best linear network of a window.

    Args:
        codec: networks are added to it.
        inputs: columns that networks see.
        latent_dim: codes per window, or None to choose.
        leaderboard: measures; nothing is entered.
    """

    codec: ArchiveCodec
    inputs: Standardization
    latent_dim: int | None
    leaderboard: Leaderboard

    @property
    def paths(self) -> tuple[str, ...]:
        """No folder: the sample is at hand."""
        return ()

    @property
    def makes(self) -> type[Any]:
        """A list of one network, or of none."""
        return list

    def open(self) -> Callable[[Window], list[Screened]]:
        """Return the work."""
        return self._screened

    def _screened(self, window: Window) -> list[Screened]:
        spectrum = measure_spectrum(self.codec, self.inputs, self.leaderboard.sample, window.n_rows)
        best = _best_network(self.codec, spectrum, self.latent_dim, self.leaderboard)
        return [] if best is None else [best]

    def suits(self, n_rows: int) -> bool:
        """Whether networks of a window are not too wide, and the sample tells them from chance."""
        n_inputs = self.inputs.n_inputs * n_rows
        n_sampled = sum(len(block) for block in self.leaderboard.sample.blocks)
        is_chance = n_rows > 1 and n_sampled < _LEAST_WINDOWS * n_rows * n_inputs
        return n_inputs <= _MOST_INPUTS and not is_chance


def screen(
    work: ScreenWork, windows: tuple[int, ...], execution: ExecutionConfig | None
) -> list[Screened]:
    """Find the best linear network of each window that the sample can tell from chance.

    Args:
        work: on one window.
        windows: to try.
        execution: engine and number of workers; None for this thread alone.
    """
    sample = work.leaderboard.sample
    sample.prepare(work.codec)
    n_bytes = _ENCODED * sum(block.nbytes for block in sample.blocks)
    tried = [Window(n_rows, n_bytes) for n_rows in windows if work.suits(n_rows)]
    if execution is None:
        return [one for window in tried for one in work.open()(window)]
    found: list[Screened] = []
    for one in gather(work, tried, execution=execution, stage="screen", progress=silent):
        if isinstance(one, FragmentFailure):
            logger.warning("not tried: %s", one)
        else:
            found += one
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
