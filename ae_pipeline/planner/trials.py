"""Train networks of several shapes beside one another, on a cluster.

A search climbs from shape to shape, and each step depends on the bytes of the one before. So the
shapes that may come next are trained together; the search takes up those it comes to, in its own
order, and nobody hears of the others. It finds what it would have found alone.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from ae_pipeline.codec.archive import ArchiveCodec
from ae_pipeline.config.job import ExecutionConfig
from ae_pipeline.planner.candidate import CandidateTrainer
from ae_pipeline.planner.candidate_shape import CandidateShape, describe
from ae_pipeline.planner.code_pruning import prune_codes
from ae_pipeline.planner.leaderboard import Leaderboard
from ae_pipeline.planner.weight_precision import coarsest
from ae_pipeline.results.dataset import FragmentFailure
from ae_pipeline.results.progress import silent
from ae_pipeline.work import gather, holding

#: Shapes that are trained together, at most.
_MOST_AT_ONCE = 8

logger = logging.getLogger(__name__)


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


@dataclass
class TrialsAhead:
    """Networks that were trained before the search asked for them.

    Args:
        work: on one shape.
        execution: engine and number of workers.
    """

    work: TrialWork
    execution: ExecutionConfig
    _lacks_tensorflow: bool = False
    _ready: dict[tuple[CandidateShape, int], Trained] = field(default_factory=dict)

    @property
    def n_at_once(self) -> int:
        """Shapes that are trained together; 1 where workers have no TensorFlow."""
        is_cluster = self.execution.engine == "dask" and not self._lacks_tensorflow
        return min(max(self.execution.workers, 2), _MOST_AT_ONCE) if is_cluster else 1

    def prepare(self, shapes: Sequence[Shape]) -> None:
        """Train shapes that may be asked for, unless that is only one; failures are left for then.

        Raises:
            ClusterError: the cluster cannot do it.
        """
        wanted = [one for one in shapes if (one.shape, one.n_steps) not in self._ready]
        wanted = wanted[: self.n_at_once]
        if len(wanted) < 2:
            return
        try:
            made = gather(
                self.work, wanted, execution=self.execution, stage="trials", progress=silent
            )
        except ImportError as error:  # they need it for nothing else
            logger.warning("networks are trained here alone: a worker says: %s", error)
            self._lacks_tensorflow = True
            return
        for asked, one in zip(wanted, made, strict=True):
            if isinstance(one, FragmentFailure):
                logger.warning("not trained by a worker: %s", one)
            else:
                logger.info("trained by workers: %s, in %.1f s", asked.relative, one.seconds)
                self._ready[asked.shape, asked.n_steps] = one

    def trained(self, shape: CandidateShape, n_steps: int) -> Trained:
        """Return a trained network, trained now if need be; errors as `CandidateTrainer.train`."""
        ready = self._ready.pop((shape, n_steps), None)
        return ready or self.work.trained(Shape(shape, n_steps))
