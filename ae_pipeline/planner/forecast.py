"""What a network would give, told by one that is trained for the seconds that a forecast has."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from ae_pipeline.codec.archive import ArchiveCodec
from ae_pipeline.planner.candidate import TRIAL_STEPS, Trainer
from ae_pipeline.planner.candidate_shape import Shape, wider
from ae_pipeline.planner.screen import Screened
from ae_pipeline.planner.search import Search

#: Bytes of a weight, and the share of all bytes that a network which helps will be worth.
_BYTES_PER_WEIGHT, _MODEL_SHARE = 1.2, 0.04
#: Seconds that a network takes beside its mini-batches: to be compiled and measured.
_OVERHEAD_S = 3.0
#: A trial may take this share of what is left of a forecast.
_TRIAL_SHARE = 0.5
#: Payloads fall with this power of the mini-batches: the middle of what networks of telemetry,
#: physics and weather did from 3,000 to 40,000 of them (0.005 to 0.11).
_LEARNING = 0.03


def outlook(trainer: Trainer, codec: ArchiveCodec, budget_s: float) -> float:
    """Share of a rehearsed codec's payload that is left after the training that is planned.

    Args:
        trainer: that trained it.
        codec: the outcome of a rehearsal.
        budget_s: of the plan.
    """
    network, n_steps = codec.network, codec.provenance.training.steps
    if network is None or not n_steps:
        return 1.0
    hidden = network.architecture.decoder_hidden[0]
    shape = Shape(network.window, network.decoder.latent_dim, 1.0, hidden)
    planned = max(trainer.affordable_steps(shape, budget_s), n_steps)
    return float((planned / n_steps) ** -_LEARNING)


@dataclass
class Effort:
    """Seconds that a forecast has taken, or would have on a machine with nothing else to do.

    Other work on the machine makes a forecast take longer, but no less good: what counts is the
    time of this thread, and what training takes by the model of `Trainer.step_seconds`.

    Args:
        most_s: of a whole forecast.
    """

    most_s: float
    _charged_s: float = field(default=0.0, init=False)
    _started: float = field(default_factory=time.thread_time, init=False)

    @property
    def spent_s(self) -> float:
        """So far."""
        return time.thread_time() - self._started + self._charged_s

    @property
    def left_s(self) -> float:
        """Of the whole forecast."""
        return max(self.most_s - self.spent_s, 0.0)

    def charge(self, seconds: float) -> None:
        """Other threads have worked, too."""
        self._charged_s += seconds


@dataclass(frozen=True)
class Rehearsal:
    """What a forecast allows.

    Args:
        effort: of all of the forecast.
        most_s: of effort by the end of this rehearsal.
        is_promising: networks helped at another tolerance, so there is no need to try one out.
    """

    effort: Effort
    most_s: float
    is_promising: bool

    def run(self, search: Search, screened: list[Screened]) -> None:
        """Enter the best start's network, as wide as will pay, if networks help at all.

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
        """For mini-batches."""
        return self.most_s - self.effort.spent_s - _OVERHEAD_S

    def _helps(self, start: Shape, search: Search) -> bool:
        """Whether a trial tells that networks help; without time for one, we say that they do not.

        Wide tables have no time: what a network gives there is a few percent.
        """
        seconds = search.trial_seconds(start)
        if seconds > _TRIAL_SHARE * self.effort.left_s:
            return False
        self.effort.charge(seconds)
        return search.is_helpful(start)


def _paying(start: Shape, search: Search) -> Shape:
    """The widest shape whose weights are a small part of all bytes."""
    most = _MODEL_SHARE * search.contest.best_bytes * search.contest.growth
    shape = start
    while (following := search.allowed(wider(shape))) is not None:
        if _BYTES_PER_WEIGHT * search.trainer.architecture(following).n_parameters > most:
            break
        shape = following
    return shape
