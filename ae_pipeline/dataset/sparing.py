"""What a step of a verb reads is protected from what it writes, wherever links and mounts lead."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

from ae_pipeline.config.job import JobConfig
from ae_pipeline.dataset.discovery import Source, discover
from ae_pipeline.errors import SourceError
from ae_pipeline.protection import Protected, protecting

_Job = TypeVar("_Job", bound=JobConfig)
_Rest = ParamSpec("_Rest")
_Made = TypeVar("_Made")
_Step = Callable[Concatenate[_Job, _Rest], _Made]


def sparing(*settings: str) -> Callable[[_Step[_Job, _Rest, _Made]], _Step[_Job, _Rest, _Made]]:
    """Let a step, whose first argument is the job, write to nothing that its job reads.

    `DestinationOverlapError` where it would.

    Args:
        settings: of the job, those that name what is read.
    """

    def decorate(step: _Step[_Job, _Rest, _Made]) -> _Step[_Job, _Rest, _Made]:
        @wraps(step)
        def spare(job: _Job, /, *args: _Rest.args, **kwargs: _Rest.kwargs) -> _Made:
            paths = [getattr(job, setting) for setting in settings]
            sources = [source for path in paths if path for source in _found(path)]
            files = [fragment.path for source in sources for fragment in source.fragments]
            with sparing_files(folders_of(*sources), files):
                return step(job, *args, **kwargs)

        return spare

    return decorate


@contextmanager
def sparing_files(folders: Iterable[str], files: Iterable[Path]) -> Iterator[None]:
    """Inside, nothing is written in these folders or over these files, whatever name they have."""
    with protecting(Protected(folders, files)):
        yield


def folders_of(*sources: Source) -> tuple[str, ...]:
    """Root and partitions of datasets; none of a single file, whose folder is not the dataset's.

    Partitions, too: one of them may be mounted where the root is not.
    """
    folders: dict[str, None] = {}
    for source in (source for source in sources if not source.is_single_file):
        folders[str(source.root)] = None
        partitions = dict.fromkeys(Path(one.relative).parent for one in source.fragments)
        for partition in partitions:
            for part in (partition, *partition.parents):
                folders[str(source.root / part)] = None
    return tuple(folders)


def _found(path: str) -> list[Source]:
    """What is there, if it can be read; the step itself tells if it cannot."""
    try:
        return [discover(path)]
    except SourceError:
        root = Path(path)
        return [Source(root, ())] if root.is_dir() else []
