"""Train networks of several shapes beside one another, on a cluster.

A search climbs from shape to shape, and each step depends on the bytes of the one before. So the
shapes that may come next are trained together; the search takes up those it comes to, in its own
order, and nobody hears of the others. It finds what it would have found alone.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field

from ae_pipeline.config.job import ExecutionConfig
from ae_pipeline.planner.candidate_shape import CandidateShape
from ae_pipeline.planner.trials.work import Shape, Trained, TrialWork
from ae_pipeline.results.dataset import FragmentFailure
from ae_pipeline.results.progress import silent
from ae_pipeline.work import gather

#: Shapes that are trained together, at most.
_MOST_AT_ONCE = 8

logger = logging.getLogger(__name__)


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
