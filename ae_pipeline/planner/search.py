"""Search for the shape of network worth training to the end, by short trials of shapes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Int64

from ae_pipeline.codec.archive import ArchiveCodec
from ae_pipeline.planner.candidate import TRIAL_STEPS, CandidateTrainer
from ae_pipeline.planner.candidate_shape import (
    CandidateShape,
    describe,
    fewer_codes,
    more_codes,
    narrower,
    wider,
)
from ae_pipeline.planner.leaderboard import Leaderboard
from ae_pipeline.planner.sample import SampleBlocks
from ae_pipeline.planner.screen import Screened
from ae_pipeline.planner.trials import Shape, TrialsAhead, TrialWork
from ae_pipeline.planner.weight_precision import PRUNED_BYTES_PER_WEIGHT

#: A shape is tried if its linear start takes at most this many times the best bytes so far.
_TRIED = 2.0
#: Shares of the budget for one trial: usually, and for a first one that needs more to be made.
_TRIAL_SHARE, _FIRST_SHARE = 0.15, 0.5
#: Shares of the budget: all trials take at most the first, the last training at least the second.
_ALL_TRIALS, _LAST_SHARE = 0.6, 0.5
#: As many trials as have time, and the last training.
USUAL_TRIALS = round(_ALL_TRIALS / _TRIAL_SHARE) + 1
#: A shape is worth training if it takes at most this many times the best bytes, and its payload at
#: most this share of the payload without a network.
_PROMISING, _HELPFUL = 1.1, 0.998
_JUDGED_VALUES = 1 << 19
#: Steps in each direction that may be trained at once, where there are workers enough.
_DEPTH = 3
Move = Callable[[CandidateShape], CandidateShape | None]


@dataclass(frozen=True)
class Trial:
    """The outcome of training a shape for a while.

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
        trainer: trains candidates.
        leaderboard: measures them.
        budget_s: for all training.
        columns: number that networks see, if not all that they could.
        judged_values: values of the sample on which a trained network is made smaller.
    """

    trainer: CandidateTrainer
    leaderboard: Leaderboard
    budget_s: float
    columns: int | None = None
    judged_values: int = _JUDGED_VALUES
    _spent_s: float = 0.0
    _trials: dict[CandidateShape, Trial] = field(default_factory=dict)

    def run(self, screened: list[Screened]) -> None:
        """Try shapes, and train the best one for the time that is left.

        Args:
            screened: linear networks to start from, the best of each window.
        """
        shape = self.best_shape(screened)
        if shape is not None:
            search = self._of_useful_columns(shape) or self
            left = max(_LAST_SHARE * self.budget_s, self.budget_s - self._spent_s)
            search.enter(shape, self.trainer.affordable_steps(shape, left))

    def best_shape(self, screened: list[Screened]) -> CandidateShape | None:
        """Return the most promising shape, or None if no network promises to pay.

        Args:
            screened: linear networks to start from, the best of each window.
        """
        starts = self._starts(screened)
        self._prepare(starts)
        for start in starts:
            if self.is_helpful(start) and not self._is_short:
                self._refine(start)
        worth = [shape for shape in self._trials if self.is_helpful(shape)]
        if not worth or self._is_short:
            return None
        return min(worth, key=lambda shape: self._trials[shape].total)

    def best_start(self, screened: list[Screened]) -> CandidateShape | None:
        """Return the shape of the smallest linear network, if it is not far too large."""
        by_size = sorted(screened, key=lambda one: one.n_bytes)
        close = [one.shape for one in by_size if self._is_close(one)]
        return close[0] if close else None

    def is_helpful(self, shape: CandidateShape) -> bool:
        """Return whether a trial, made now if need be, saves enough to pay for a model."""
        if self._try(shape) is None:
            return False
        trial = self._trials[shape]
        saves = trial.payload <= _HELPFUL * self._without
        return saves and trial.total <= _PROMISING * self.leaderboard.best_bytes

    @cached_property
    def _without(self) -> float:
        """Payload bytes without any network."""
        return self.leaderboard.sample.coded_bytes(self.trainer.codec)

    def _is_close(self, one: Screened) -> bool:
        return one.n_bytes <= _TRIED * self.leaderboard.best_bytes

    @property
    def _is_short(self) -> bool:
        """Whether a trial is all the training that was asked for."""
        return self.trainer.is_limited

    def _refine(self, start: CandidateShape) -> None:
        """Try more and fewer codes, then wider and narrower layers.

        For windows, whose trials take long, the number of codes is left to code pruning.
        """
        if start.window == 1:
            start = self._climb(start, more_codes, fewer_codes)
        self._climb(start, wider, narrower)

    def enter(self, shape: CandidateShape, n_steps: int) -> Trial:
        """Train a network for `n_steps` mini-batches, measure and list it."""
        trained = self._ahead.trained(shape, n_steps)
        codec, total = trained.codec, trained.n_bytes
        name = f"trained network, {self._describe(shape, codec)}, {n_steps:,} steps"
        self.leaderboard.enter_measured(name, codec, total, trained.seconds)
        return Trial(total, total - self.leaderboard.model_bytes(codec), codec)

    @cached_property
    def _ahead(self) -> TrialsAhead:
        work = TrialWork(self.trainer, self.leaderboard, self.judged_values)
        return TrialsAhead(work, self.trainer.job.execution)

    def _prepare(self, shapes: Sequence[CandidateShape | None]) -> None:
        """Let workers train shapes that may be tried next, those that there is time for."""
        if self._ahead.n_at_once == 1:
            return
        wanted: list[Shape] = []
        for shape in shapes:
            if self.allowed(shape) is None or shape is None or shape in self._trials:
                continue
            is_first = not self._trials and not wanted
            n_steps = self._trial_steps(shape, is_first=is_first)
            seconds = self._spent_s + n_steps * self.trainer.step_seconds(shape)
            has_time = is_first or seconds <= _ALL_TRIALS * self.budget_s
            if n_steps >= self.trainer.least_steps and has_time:
                wanted.append(Shape(shape, n_steps))
        self._ahead.prepare(wanted)

    def _describe(self, shape: CandidateShape, codec: ArchiveCodec) -> str:
        """Describe a candidate by the codes it kept, and the columns it sees if not all."""
        network = codec.network
        if network is not None:
            shape = replace(shape, latent_dim=network.decoder.latent_dim)
        return describe(shape) + ("" if self.columns is None else f", {self.columns} columns")

    def _starts(self, screened: list[Screened]) -> list[CandidateShape]:
        """Return single rows and the best window; either may suit a trained network better."""
        by_size = sorted(screened, key=lambda one: one.n_bytes)
        wide = [one for one in by_size if one.shape.window > 1]
        starts = [*(one for one in by_size if one.shape.window == 1), *wide[:1]]
        return [one.shape for one in starts if self._is_close(one)]

    def _try(self, shape: CandidateShape) -> float | None:
        """Return the bytes after a trial; None if there is no time for one."""
        if shape not in self._trials:
            n_steps = self._trial_steps(shape, is_first=not self._trials)
            if n_steps < self.trainer.least_steps or not self._has_time(shape, n_steps):
                return None
            self._trials[shape] = self.enter(shape, n_steps)
        return self._trials[shape].total

    def trial_seconds(self, shape: CandidateShape) -> float:
        """Estimate the seconds of a trial."""
        n_steps = self._trial_steps(shape, is_first=not self._trials)
        return n_steps * self.trainer.step_seconds(shape)

    def _trial_steps(self, shape: CandidateShape, *, is_first: bool) -> int:
        """Return the mini-batches of a trial; wide tables have time for one, of half the budget."""
        n_steps = self.trainer.affordable_steps(shape, _TRIAL_SHARE * self.budget_s)
        if is_first and self.columns is None and n_steps < self.trainer.least_steps:
            n_steps = self.trainer.affordable_steps(shape, _FIRST_SHARE * self.budget_s)
        return min(n_steps, TRIAL_STEPS)

    def _of_useful_columns(self, shape: CandidateShape) -> Search | None:
        """Return a search among networks of only the columns that this shape helped, if better.

        Columns that are stored without the network burden its codes and cost weights.
        """
        trial = self._trials[shape]
        sample = self.leaderboard.sample.shortened(self.judged_values)
        is_useful = _useful_columns(
            trial.codec, self.trainer.codec, sample, self.leaderboard.growth
        )
        inputs = self.trainer.inputs
        chosen = replace(inputs, scale=np.where(is_useful, inputs.scale, 0.0))
        if not max(2, shape.latent_dim / shape.window) <= chosen.n_inputs < inputs.n_inputs:
            return None
        trainer = replace(self.trainer, inputs=chosen)
        search = replace(self, trainer=trainer, columns=chosen.n_inputs, _trials={})
        total = search._try(shape)
        return search if total is not None and total < trial.total else None

    def _has_time(self, shape: CandidateShape, n_steps: int) -> bool:
        """Count another trial and return whether it is affordable; the first always is."""
        self._spent_s += n_steps * self.trainer.step_seconds(shape)
        return not self._trials or self._spent_s <= _ALL_TRIALS * self.budget_s

    def _climb(self, shape: CandidateShape, *moves: Move) -> CandidateShape:
        """Follow the first of these directions that saves bytes, as long as it does."""
        self._prepare(list(_next_shapes(shape, moves)))
        for move in moves:
            best = shape
            while (following := self._smaller(best, move)) is not None:
                best = following
            if best != shape:
                return best
        return shape

    def _smaller(self, shape: CandidateShape, move: Move) -> CandidateShape | None:
        """Return the next shape in a direction, if it takes fewer bytes."""
        following = self.allowed(move(shape))
        total = None if following is None else self._try(following)
        return following if total is not None and total < self._trials[shape].total else None

    def allowed(self, shape: CandidateShape | None) -> CandidateShape | None:
        """Return the shape, or None if the settings ask for another."""
        network = self.trainer.job.network
        if shape is None or shape.latent_dim > self.trainer.inputs.n_inputs * shape.window:
            return None
        is_pinned = network.latent_dim not in (None, shape.latent_dim)
        has_widths = "encoder_hidden" in network.model_fields_set
        is_pinned |= has_widths and shape.hidden != self.trainer.hidden
        return None if is_pinned else shape


def _next_shapes(shape: CandidateShape, moves: Sequence[Move]) -> Iterator[CandidateShape | None]:
    """Yield the next shape in each direction, then those behind them."""
    reached: list[CandidateShape | None] = [shape] * len(moves)
    for _ in range(_DEPTH):
        reached = [
            None if one is None else move(one) for one, move in zip(reached, moves, strict=True)
        ]
        yield from reached


def _useful_columns(
    codec: ArchiveCodec, without: ArchiveCodec, sample: SampleBlocks, growth: float
) -> Bool[np.ndarray, "features"]:
    """Return the columns that a network shrinks by more than its weights for them take.

    Args:
        codec: with the network.
        without: the same codec without it.
        sample: blocks to measure on.
        growth: rows of the archive per row of the source; all of them share the weights.
    """
    network = codec.network
    if network is None:
        return np.zeros(len(codec.columns), bool)
    saved = sample.share * (_column_bytes(without, sample) - _column_bytes(codec, sample))
    widths = (*network.architecture.encoder_hidden[:1], *network.architecture.decoder_hidden)
    cost = network.window * (sum(widths) + network.decoder.latent_dim) / growth
    return saved > PRUNED_BYTES_PER_WEIGHT * cost


def _column_bytes(codec: ArchiveCodec, sample: SampleBlocks) -> Int64[np.ndarray, "features"]:
    """Return the bytes of each column's streams over all blocks."""
    found = [[one.n_bytes for one in codec.encode(block).columns] for block in sample.blocks]
    return np.array(found, np.int64).reshape(-1, len(codec.columns)).sum(axis=0)
