"""Work on a sample of each partition, on the engine of the job."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar  # Any: a list of whatever a sample is used for

from ae_pipeline.codec.archive import ArchiveCodec
from ae_pipeline.config.job import ExecutionConfig
from ae_pipeline.dataset import Fragment
from ae_pipeline.results.dataset import FragmentFailure
from ae_pipeline.results.progress import Progress
from ae_pipeline.upkeep.drift.sample import NewRows, sample_rows
from ae_pipeline.work import gather, holding

logger = logging.getLogger(__name__)

#: One in so many bytes of a partition is sampled, up to as many as a sample has at most, about.
_BYTES_PER_SAMPLED, _MOST_SAMPLED = 8, 1 << 23

Made = TypeVar("Made")


@dataclass(frozen=True)
class NewPartition:
    """New fragments of one partition.

    Args:
        relative: its folders.
        fragments: in order.
    """

    relative: str
    fragments: tuple[Fragment, ...]

    @property
    def size_bytes(self) -> int:
        """About the bytes that a sample has."""
        n_bytes = sum(fragment.size_bytes for fragment in self.fragments)
        return min(n_bytes // _BYTES_PER_SAMPLED, _MOST_SAMPLED)


@dataclass(frozen=True)
class SampleWork(Generic[Made]):
    """Uses a sample of any partition.

    Args:
        paths: folders of the source.
        codec: whose columns are sampled.
        use: what to do with a sample; it is pickled.
    """

    paths: tuple[str, ...]
    codec: ArchiveCodec
    use: Callable[[NewRows], Made]

    @property
    def makes(self) -> type[Any]:
        """A list of one; of none where no row can be read."""
        return list

    def open(self) -> Callable[[NewPartition], list[Made]]:
        """Return the work."""
        return self._used

    def _used(self, partition: NewPartition) -> list[Made]:
        with holding(partition.fragments):
            rows = sample_rows(partition.relative, partition.fragments, self.codec)
        return [] if rows is None else [self.use(rows)]


def use_samples(
    work: SampleWork[Made],
    fragments: Mapping[str, Sequence[Fragment]],
    execution: ExecutionConfig,
    progress: Progress,
) -> dict[str, Made]:
    """Return what comes of a sample of every partition that has rows, by partition and in order.

    Partitions that cannot be worked on are left out with a warning.

    Args:
        work: on a sample.
        fragments: by partition.
        execution: engine and number of workers.
        progress: called after every partition.
    """
    partitions = [NewPartition(name, tuple(files)) for name, files in fragments.items()]
    made = gather(work, partitions, execution=execution, stage="drift", progress=progress)
    found: dict[str, Made] = {}
    for partition, one in zip(partitions, made, strict=True):
        if isinstance(one, FragmentFailure):
            logger.warning("not looked at for drift: %s", one)
        elif one:
            found[partition.relative] = one[0]
    return found
