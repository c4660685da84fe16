"""Train a network of one shape, make it as small as pays, and measure it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from ae_pipeline.codec.archive import ArchiveCodec
from ae_pipeline.planner.candidate import CandidateTrainer
from ae_pipeline.planner.candidate_shape import CandidateShape, describe
from ae_pipeline.planner.code_pruning import prune_codes
from ae_pipeline.planner.leaderboard import Leaderboard
from ae_pipeline.planner.weight_precision import coarsest
from ae_pipeline.results.progress import silent
from ae_pipeline.work import holding


@dataclass(frozen=True)
class Shape:
    """A shape to train.

    Args:
        shape: of the network.
        n_steps: mini-batches.
        size_bytes: none; only clusters train networks.
    """

    shape: CandidateShape
    n_steps: int
    size_bytes: int = 0

    @property
    def relative(self) -> str:
        """Its name, for messages."""
        return f"{describe(self.shape)}, {self.n_steps:,} steps"


@dataclass(frozen=True)
class Trained:
    """A network, as small as pays.

    Args:
        codec: with the network.
        n_bytes: of the source's blocks and its share of the model.
        seconds: that training and measuring took.
    """

    codec: ArchiveCodec
    n_bytes: float
    seconds: float


@dataclass(frozen=True)
class TrialWork:
    """Trains networks, makes them small, and measures them.

    Args:
        trainer: trains candidates.
        leaderboard: measures; nothing is entered.
        judged_values: values of the sample on which a trained network is made smaller.
    """

    trainer: CandidateTrainer
    leaderboard: Leaderboard
    judged_values: int

    def __getstate__(self) -> dict[str, object]:
        """Leave out whom to tell of progress, and other candidates."""
        board = Leaderboard(self.leaderboard.sample, self.leaderboard.growth)
        trainer = replace(self.trainer, progress=silent)
        return {**self.__dict__, "trainer": trainer, "leaderboard": board}

    @property
    def paths(self) -> tuple[str, ...]:
        """The folders of the source."""
        folders = (str(group.fragment.path.parent) for group in self.trainer.groups)
        return tuple(dict.fromkeys(folders))

    @property
    def makes(self) -> type[Trained]:
        """Networks."""
        return Trained

    def open(self) -> Callable[[Shape], Trained]:
        """Return the work."""
        return self.trained

    def trained(self, asked: Shape) -> Trained:
        """Train one network; errors as `CandidateTrainer.train`."""
        started = time.monotonic()
        fragments = dict.fromkeys(group.fragment for group in self.trainer.groups)
        with holding(fragments):
            codec = self.trainer.train(asked.shape, asked.n_steps)
        codec = self._as_small_as_pays(codec)
        n_bytes = self.leaderboard.bytes_of(codec)
        return Trained(codec, n_bytes, time.monotonic() - started)

    def _as_small_as_pays(self, codec: ArchiveCodec) -> ArchiveCodec:
        """Prune the codes of a network and make its weights as coarse as pays."""
        sample = self.leaderboard.sample.shortened(self.judged_values)
        if self.trainer.job.network.latent_dim is None:
            codec = prune_codes(codec, sample)
        return coarsest(codec, replace(self.leaderboard, sample=sample).bytes_of)[1]
