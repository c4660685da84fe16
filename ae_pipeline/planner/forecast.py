"""Forecast what a network would save, from one trained for the few seconds of a forecast."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from ae_pipeline.codec.archive import ArchiveCodec
from ae_pipeline.planner.candidate import TRIAL_STEPS, CandidateTrainer
from ae_pipeline.planner.candidate_shape import CandidateShape, wider
from ae_pipeline.planner.screen import Screened
from ae_pipeline.planner.search import Search
from ae_pipeline.planner.weight_precision import FORECAST_BYTES_PER_WEIGHT

#: Share of all bytes that the weights of a network may take.
_MODEL_SHARE = 0.04
#: Seconds to compile and measure a network, beside its mini-batches.
_OVERHEAD_S = 3.0
#: A trial may take this share of the time left in a forecast.
_TRIAL_SHARE = 0.5
#: Payloads fall with this power of the mini-batches: the middle of what networks of telemetry,
#: physics and weather did from 3,000 to 40,000 of them (0.005 to 0.11).
_LEARNING = 0.03


def outlook(trainer: CandidateTrainer, codec: ArchiveCodec, budget_s: float) -> float:
    """Estimate the share of a forecast's payload that is left after all planned training.

    Args:
        trainer: of the codec.
        codec: the outcome of a forecast.
        budget_s: for all training of a plan.
    """
    network, n_steps = codec.network, codec.provenance.training.steps
    if network is None or not n_steps:
        return 1.0
    hidden = network.architecture.decoder_hidden[0]
    shape = CandidateShape(network.window, network.decoder.latent_dim, 1.0, hidden)
    planned = max(trainer.affordable_steps(shape, budget_s), n_steps)
    return float((planned / n_steps) ** -_LEARNING)


@dataclass
class Effort:
    """Seconds that a forecast has taken, or would take on an idle machine.

    Other work on the machine makes a forecast slower but must not make it worse. So the time of
    this thread counts, and for training the estimate of `CandidateTrainer.step_seconds`.

    Args:
        most_s: for the whole forecast.
    """

    most_s: float
    _charged_s: float = field(default=0.0, init=False)
    _started: float = field(default_factory=time.thread_time, init=False)

    @property
    def spent_s(self) -> float:
        """Seconds taken so far."""
        return time.thread_time() - self._started + self._charged_s

    @property
    def left_s(self) -> float:
        """Seconds left of the whole forecast."""
        return max(self.most_s - self.spent_s, 0.0)

    def charge(self, seconds: float) -> None:
        """Count the work of other threads."""
        self._charged_s += seconds


@dataclass(frozen=True)
class Forecast:
    """A plan with limited time, for one of several tolerances.

    Args:
        effort: of all tolerances together.
        most_s: effort after which this plan ends.
        is_promising: whether networks helped at another tolerance, so that no trial is needed.
    """

    effort: Effort
    most_s: float
    is_promising: bool

    def run(self, search: Search, screened: list[Screened]) -> None:
        """Enter the network of the best start, as wide as pays, if networks help at all.

        Args:
            search: trains and measures.
            screened: linear networks to start from, the best of each window.
        """
        start = search.best_start(screened)
        if start is None or not (self.is_promising or self._helps(start, search)):
            return
        shape = _paying(start, search)
        n_steps = search.trainer.affordable_steps(shape, self._left_s)
        if n_steps > TRIAL_STEPS or self.is_promising:
            n_steps = max(n_steps, search.trainer.least_steps)
            self.effort.charge(n_steps * search.trainer.step_seconds(shape))
            search.enter(shape, n_steps)

    @property
    def _left_s(self) -> float:
        """Seconds left for mini-batches."""
        return self.most_s - self.effort.spent_s - _OVERHEAD_S

    def _helps(self, start: CandidateShape, search: Search) -> bool:
        """Return whether a trial shows that networks help; False without time for a trial.

        Wide tables have no time for one; a network saves only a few percent there.
        """
        seconds = search.trial_seconds(start)
        if seconds > _TRIAL_SHARE * self.effort.left_s:
            return False
        self.effort.charge(seconds)
        return search.is_helpful(start)


def _paying(start: CandidateShape, search: Search) -> CandidateShape:
    """Return the widest shape whose weights are a small part of all bytes."""
    most = _MODEL_SHARE * search.leaderboard.best_bytes * search.leaderboard.growth
    shape = start
    while (following := search.allowed(wider(shape))) is not None:
        if FORECAST_BYTES_PER_WEIGHT * search.trainer.architecture(following).n_parameters > most:
            break
        shape = following
    return shape
