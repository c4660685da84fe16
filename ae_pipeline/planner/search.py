"""Find the shape of network that is worth training to the end, by trying shapes out for a while."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from ae_pipeline.codec.archive import ArchiveCodec
from ae_pipeline.planner.candidate import TRIAL_STEPS, Trainer
from ae_pipeline.planner.candidate_shape import (
    Shape,
    describe,
    fewer_codes,
    more_codes,
    narrower,
    wider,
)
from ae_pipeline.planner.code_pruning import prune_codes
from ae_pipeline.planner.leaderboard import Leaderboard
from ae_pipeline.planner.network_columns import useful_columns
from ae_pipeline.planner.screen import Screened
from ae_pipeline.planner.weight_precision import coarsest

#: A network is tried out if its linear start takes at most this many times the best bytes so far,
_TRIED = 2.0
#: for this share of the budget, or this one if it is the first and could not be tried otherwise;
_TRIAL_SHARE, _FIRST_SHARE = 0.15, 0.5
#: all trials together may take this share, and this one at least is left for the last training.
_ALL_TRIALS, _LAST_SHARE = 0.6, 0.5
#: A shape is worth it if it takes at most this many times the best, and its payload at most this
#: share of what is needed without it.
_PROMISING, _HELPFUL = 1.1, 0.998
_JUDGED_VALUES = 1 << 19
Move = Callable[[Shape], Shape | None]


@dataclass(frozen=True)
class Trial:
    """What a network of some shape came to.

    Args:
        total: bytes of the source's blocks and its share of the model.
        payload: bytes of the blocks.
        codec: with the network.
    """

    total: float
    payload: float
    codec: ArchiveCodec


@dataclass
class Search:
    """Trials of shapes, each trained once.

    Args:
        trainer: trains.
        contest: measures.
        budget_s: for all training.
        columns: how many networks see, if that is not all that could be seen.
        judged_values: of the sample on which a trained network is made smaller.
    """

    trainer: Trainer
    contest: Leaderboard
    budget_s: float
    columns: int | None = None
    judged_values: int = _JUDGED_VALUES
    _spent_s: float = 0.0
    _trials: dict[Shape, Trial] = field(default_factory=dict)

    def run(self, screened: list[Screened]) -> None:
        """Try shapes out, and train the best one for as long as there is time.

        Args:
            screened: linear networks to start from, the best of each window.
        """
        shape = self.best_shape(screened)
        if shape is not None:
            search = self._of_useful_columns(shape) or self
            left = max(_LAST_SHARE * self.budget_s, self.budget_s - self._spent_s)
            search.enter(shape, self.trainer.affordable_steps(shape, left))

    def best_shape(self, screened: list[Screened]) -> Shape | None:
        """The most promising shape, or None if no network promises to pay.

        Args:
            screened: linear networks to start from, the best of each window.
        """
        for start in self._starts(screened):
            if self.is_helpful(start) and not self._is_short:
                self._refine(start)
        worth = [shape for shape in self._trials if self.is_helpful(shape)]
        if not worth or self._is_short:
            return None
        return min(worth, key=lambda shape: self._trials[shape].total)

    def best_start(self, screened: list[Screened]) -> Shape | None:
        """The shape of the smallest linear network, if it is not far too large."""
        by_size = sorted(screened, key=lambda one: one.n_bytes)
        close = [one.shape for one in by_size if self._is_close(one)]
        return close[0] if close else None

    def is_helpful(self, shape: Shape) -> bool:
        """Whether a trial of it, made now if there was none, saves what may pay for a model."""
        if self._try(shape) is None:
            return False
        trial = self._trials[shape]
        saves = trial.payload <= _HELPFUL * self._without
        return saves and trial.total <= _PROMISING * self.contest.best_bytes

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
        """Try more and fewer codes, then wider and narrower layers.

        Trials of windows take long, and idle codes are dropped anyway: one is enough for these.
        """
        if start.window == 1:
            start = self._climb(start, more_codes, fewer_codes)
        self._climb(start, wider, narrower)

    def enter(self, shape: Shape, n_steps: int) -> Trial:
        """A network after so many steps, measured."""
        started = time.monotonic()
        codec = self._as_small_as_pays(self.trainer.train(shape, n_steps))
        name = f"trained network, {self._describe(shape, codec)}, {n_steps:,} steps"
        total = self.contest.enter(name, codec, started)
        return Trial(total, total - self.contest.model_bytes(codec), codec)

    def _describe(self, shape: Shape, codec: ArchiveCodec) -> str:
        """With the codes that are left, and how many columns it sees if that is not all."""
        network = codec.network
        if network is not None:
            shape = replace(shape, latent_dim=network.decoder.latent_dim)
        return describe(shape) + ("" if self.columns is None else f", {self.columns} columns")

    def _starts(self, screened: list[Screened]) -> list[Shape]:
        """Single rows and the best window: what a network makes of them is not foreseen."""
        by_size = sorted(screened, key=lambda one: one.n_bytes)
        wide = [one for one in by_size if one.shape.window > 1]
        starts = [*(one for one in by_size if one.shape.window == 1), *wide[:1]]
        return [one.shape for one in starts if self._is_close(one)]

    def _try(self, shape: Shape) -> float | None:
        """Bytes after a trial; None if there is no time for one."""
        if shape not in self._trials:
            n_steps = self._trial_steps(shape)
            if n_steps < self.trainer.least_steps or not self._has_time(shape, n_steps):
                return None
            self._trials[shape] = self.enter(shape, n_steps)
        return self._trials[shape].total

    def trial_seconds(self, shape: Shape) -> float:
        """What a trial of it takes, about."""
        return self._trial_steps(shape) * self.trainer.step_seconds(shape)

    def _trial_steps(self, shape: Shape) -> int:
        """Mini-batches of a trial; wide tables have time for a single one, of half the budget."""
        n_steps = self.trainer.affordable_steps(shape, _TRIAL_SHARE * self.budget_s)
        is_first = not self._trials and self.columns is None
        if is_first and n_steps < self.trainer.least_steps:
            n_steps = self.trainer.affordable_steps(shape, _FIRST_SHARE * self.budget_s)
        return min(n_steps, TRIAL_STEPS)

    def _of_useful_columns(self, shape: Shape) -> Search | None:
        """A search whose networks see only the columns that this shape's helped, if that is better.

        Columns that are stored without its help burden the codes and cost weights.
        """
        trial = self._trials[shape]
        sample = self.contest.sample.shortened(self.judged_values)
        is_useful = useful_columns(trial.codec, self.trainer.codec, sample, self.contest.growth)
        inputs = self.trainer.inputs
        chosen = replace(inputs, scale=np.where(is_useful, inputs.scale, 0.0))
        if not max(2, shape.latent_dim / shape.window) <= chosen.n_inputs < inputs.n_inputs:
            return None
        trainer = replace(self.trainer, inputs=chosen)
        search = replace(self, trainer=trainer, columns=chosen.n_inputs, _trials={})
        total = search._try(shape)
        return search if total is not None and total < trial.total else None

    def _has_time(self, shape: Shape, n_steps: int) -> bool:
        """Whether another trial is affordable; the first one always is."""
        self._spent_s += n_steps * self.trainer.step_seconds(shape)
        return not self._trials or self._spent_s <= _ALL_TRIALS * self.budget_s

    def _climb(self, shape: Shape, *moves: Move) -> Shape:
        """As far in the first of these directions that makes the bytes fewer as it does so."""
        for move in moves:
            best = shape
            while (following := self._smaller(best, move)) is not None:
                best = following
            if best != shape:
                return best
        return shape

    def _smaller(self, shape: Shape, move: Move) -> Shape | None:
        """The next shape in a direction, if it takes fewer bytes."""
        following = self.allowed(move(shape))
        total = None if following is None else self._try(following)
        return following if total is not None and total < self._trials[shape].total else None

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
        """Without idle codes, and with weights only as precise as pays."""
        sample = self.contest.sample.shortened(self.judged_values)
        if self.trainer.job.network.latent_dim is None:
            codec = prune_codes(codec, sample)
        return coarsest(codec, replace(self.contest, sample=sample).bytes_of)[1]
