"""Find the shape of network that is worth training to the end, by trying shapes out for a while."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property

from ae_pipeline.codec import ArchiveCodec
from ae_pipeline.planner.contest import Contest
from ae_pipeline.planner.idle import without_idle_codes
from ae_pipeline.planner.network import TRIAL_STEPS, Trainer
from ae_pipeline.planner.screen import Screened
from ae_pipeline.planner.shape import (
    Shape,
    describe,
    fewer_codes,
    more_codes,
    narrower,
    wider,
)

#: A network is tried out if its linear start takes at most this many times the best bytes so far,
_TRIED = 2.0
#: for this share of the budget; all trials together may take that share.
_TRIAL_SHARE, _ALL_TRIALS = 0.15, 0.6
#: A shape is worth it if it takes at most this many times the best, and its payload at most this
#: share of what is needed without it.
_PROMISING, _HELPFUL = 1.1, 0.998
#: Precisions of the encoder's weights to choose from.
_ENCODER_BITS = (6, 8, 10, 13)
_SCREENED_VALUES = 1 << 19
Move = Callable[[Shape], Shape | None]


@dataclass
class Search:
    """Trials of shapes, each trained once.

    Args:
        trainer: trains.
        contest: measures.
        budget_s: for all training.
    """

    trainer: Trainer
    contest: Contest
    budget_s: float
    _spent_s: float = 0.0
    _trials: dict[Shape, tuple[float, float]] = field(default_factory=dict)

    def run(self, screened: list[Screened]) -> None:
        """Try shapes out, and train the best one for as long as there is time.

        Args:
            screened: linear networks to start from, the best of each window.
        """
        shape = self.best_shape(screened)
        if shape is not None:
            self.enter(shape, self.trainer.affordable_steps(shape, self.budget_s))

    def best_shape(self, screened: list[Screened]) -> Shape | None:
        """The most promising shape, or None if no network promises to pay.

        Args:
            screened: linear networks to start from, the best of each window.
        """
        for start in self._starts(screened):
            if self.is_helpful(start) and start.window == 1 and not self._is_short:
                self._refine(start)
        worth = [shape for shape in self._trials if self.is_helpful(shape)]
        if not worth or self._is_short:
            return None
        return min(worth, key=lambda shape: self._trials[shape][0])

    def best_start(self, screened: list[Screened]) -> Shape | None:
        """The shape of the smallest linear network, if it is not far too large."""
        by_size = sorted(screened, key=lambda one: one.n_bytes)
        close = [one.shape for one in by_size if self._is_close(one)]
        return close[0] if close else None

    def is_helpful(self, shape: Shape) -> bool:
        """Whether a trial of it, made now if there was none, saves what may pay for a model."""
        if self._try(shape) is None:
            return False
        total, payload = self._trials[shape]
        saves = payload <= _HELPFUL * self._without
        return saves and total <= _PROMISING * self.contest.best_bytes

    @cached_property
    def _without(self) -> float:
        """Bytes of the payload without any network."""
        return self.contest.sample.coded_bytes(self.trainer.codec)

    def _is_close(self, one: Screened) -> bool:
        return one.n_bytes <= _TRIED * self.contest.best_bytes

    @property
    def _is_short(self) -> bool:
        """Whether a trial is all the training that was asked for."""
        return self.trainer.is_limited

    def _refine(self, start: Shape) -> None:
        """Try more and fewer codes, then wider and narrower layers."""
        self._climb(self._climb(start, more_codes, fewer_codes), wider, narrower)

    def enter(self, shape: Shape, n_steps: int) -> tuple[float, float]:
        """(bytes in all, bytes of payload) of a network after so many steps."""
        started = time.monotonic()
        codec = self._as_small_as_pays(self.trainer.train(shape, n_steps))
        name = f"trained network, {describe(_as_trained(shape, codec))}, {n_steps:,} steps"
        total = self.contest.enter(name, codec, started)
        return total, total - self.contest.model_bytes(codec)

    def _starts(self, screened: list[Screened]) -> list[Shape]:
        """Single rows and the best window: what a network makes of them is not foreseen."""
        by_size = sorted(screened, key=lambda one: one.n_bytes)
        wide = [one for one in by_size if one.shape.window > 1]
        starts = [*(one for one in by_size if one.shape.window == 1), *wide[:1]]
        return [one.shape for one in starts if self._is_close(one)]

    def _try(self, shape: Shape) -> float | None:
        """Bytes after a trial; None if there is no time for one."""
        if shape not in self._trials:
            n_steps = self.trainer.affordable_steps(shape, _TRIAL_SHARE * self.budget_s)
            n_steps = min(n_steps, TRIAL_STEPS)
            if n_steps < self.trainer.least_steps or not self._has_time(shape, n_steps):
                return None
            self._trials[shape] = self.enter(shape, n_steps)
        return self._trials[shape][0]

    def _has_time(self, shape: Shape, n_steps: int) -> bool:
        """Whether another trial is affordable; the first one always is."""
        self._spent_s += n_steps * self.trainer.step_seconds(shape)
        return not self._trials or self._spent_s <= _ALL_TRIALS * self.budget_s

    def _climb(self, shape: Shape, *moves: Move) -> Shape:
        """As far in the best of these directions as it makes the bytes fewer."""
        first = {move: self._smaller(shape, move) for move in moves}
        better = [move for move, found in first.items() if found is not None]
        if not better:
            return shape
        move = min(better, key=lambda one: self._trials[first[one] or shape][0])
        best = first[move] or shape
        while (following := self._smaller(best, move)) is not None:
            best = following
        return best

    def _smaller(self, shape: Shape, move: Move) -> Shape | None:
        """The next shape in a direction, if it takes fewer bytes."""
        following = self.allowed(move(shape))
        total = None if following is None else self._try(following)
        return following if total is not None and total < self._trials[shape][0] else None

    def allowed(self, shape: Shape | None) -> Shape | None:
        """None for what the settings pin to something else."""
        network = self.trainer.job.network
        if shape is None or shape.latent_dim > self.trainer.inputs.n_inputs * shape.window:
            return None
        is_pinned = network.latent_dim not in (None, shape.latent_dim)
        has_widths = "encoder_hidden" in network.model_fields_set
        is_pinned |= has_widths and shape.hidden != self.trainer.hidden
        return None if is_pinned else shape

    def _as_small_as_pays(self, codec: ArchiveCodec) -> ArchiveCodec:
        """Without idle codes, and the encoder only as precise as pays: it is half of the model."""
        sample = self.contest.sample.shortened(_SCREENED_VALUES)
        if self.trainer.job.network.latent_dim is None:
            codec = without_idle_codes(codec, sample)
        network = codec.network
        if network is None:
            return codec
        rounded = [
            replace(codec, network=replace(network, encoder_bits=n_bits).as_stored())
            for n_bits in _ENCODER_BITS
        ]
        return min(rounded, key=replace(self.contest, sample=sample).bytes_of)


def _as_trained(shape: Shape, codec: ArchiveCodec) -> Shape:
    """With the codes that are left."""
    network = codec.network
    return shape if network is None else replace(shape, latent_dim=network.decoder.latent_dim)
