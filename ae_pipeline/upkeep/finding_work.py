"""Find the states of many fragments on the engine, those that must be read to be known.

Nothing is read of a fragment that was never encoded, nor of objects that an index knows; and a few
are read here sooner than workers are told to.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ae_pipeline.config.job import ExecutionConfig
from ae_pipeline.dataset import Fragment, Source, fingerprint
from ae_pipeline.errors import AePipelineError
from ae_pipeline.results.dataset import FragmentFailure
from ae_pipeline.results.progress import silent
from ae_pipeline.store import is_remote, recall
from ae_pipeline.upkeep.finding import Destination, Finding, finding_of
from ae_pipeline.work import gather, holding, uses_processes

#: So many files are read in two seconds, and processes take one to start; objects take longer.
_LEAST_FILES, _LEAST_OBJECTS = 1 << 13, 1 << 10
#: Fragments that a worker is given at once, and bytes that are encoded while one is looked at.
_AT_ONCE, _LOOKED_BYTES = 128, 1 << 14


@dataclass(frozen=True)
class Due:
    """Fragments to look at, and what is noted of them.

    Args:
        fragments: of the source.
        destination: with the notes of these fragments alone.
    """

    fragments: tuple[Fragment, ...]
    destination: Destination

    @property
    def relative(self) -> str:
        """Name of the first."""
        return self.fragments[0].relative

    @property
    def size_bytes(self) -> int:
        """Bytes that take as long to encode as these fragments take to look at."""
        return _LOOKED_BYTES * len(self.fragments)


@dataclass(frozen=True)
class Found:
    """States of fragments, in their order, or the error that ends the plan."""

    findings: tuple[Finding, ...]
    error: AePipelineError | None = None


@dataclass(frozen=True)
class FindingWork:
    """Finds states.

    Args:
        paths: folders of source and destination.
    """

    paths: tuple[str, ...]

    @property
    def makes(self) -> type[Found]:
        """States, or an error."""
        return Found

    def open(self) -> Callable[[Due], Found]:
        """Return the work."""
        return _found


def _found(due: Due) -> Found:
    root = due.destination.root
    written = [Fragment(root / one.relative, one.relative, 0) for one in due.fragments]
    with holding(due.fragments), holding(written):
        try:
            return Found(
                tuple(finding_of(one, fingerprint, due.destination) for one in due.fragments)
            )
        except AePipelineError as error:  # of the store, or of memory
            return Found((), error.with_traceback(None))


def found_elsewhere(
    source: Source, destination: Destination, execution: ExecutionConfig
) -> Mapping[str, Finding]:
    """Return the states that the engine has found, by fragment; all others are found here.

    Args:
        source: its fragments are looked at.
        destination: the dataset they are encoded to.
        execution: engine and number of workers.

    Raises:
        OutOfMemoryError: there was not enough memory.
        StoreError: the object store does not answer.
    """
    unknown = _unknown(source, destination, execution)
    if not unknown:
        return {}
    n_due = -(-len(unknown) // _AT_ONCE)
    parts = [tuple(unknown[number::n_due]) for number in range(n_due)]
    due = [Due(part, destination.part(part)) for part in parts]
    if execution.engine != "dask" and not uses_processes(execution, due):
        return {}
    work = FindingWork((*source.folders, str(destination.root)))
    made = gather(work, due, execution=execution, stage="plan", progress=silent)
    found: dict[str, Finding] = {}
    for part, one in zip(parts, made, strict=True):
        found |= zip((fragment.relative for fragment in part), _findings(part, one), strict=True)
    return found


def _findings(part: Sequence[Fragment], made: Found | FragmentFailure) -> Sequence[Finding]:
    """Return the states of a part; encoding tells apart those that killed workers together."""
    if isinstance(made, FragmentFailure):
        return [("failed", made.message)] * len(part)
    if made.error is not None:
        raise made.error
    return made.findings


def _unknown(
    source: Source, destination: Destination, execution: ExecutionConfig
) -> list[Fragment]:
    """Return the fragments that must be read, if they are enough for others than threads.

    Reading objects is waiting for them, which threads do as well as processes, but not machines.
    """
    has_objects = is_remote(source.root) or is_remote(destination.root)
    least = _LEAST_OBJECTS if has_objects else _LEAST_FILES
    is_possible = execution.engine == "dask" if has_objects else execution.engine != "threads"
    if not is_possible or len(source.fragments) < least:
        return []
    unknown = [one for one in source.fragments if _must_be_read(one, destination)]
    return unknown if len(unknown) >= least else []


def _must_be_read(fragment: Fragment, destination: Destination) -> bool:
    path = destination.root / fragment.relative
    if not path.exists():
        return fragment.relative in destination.failed
    return recall(path, "footer") is None or recall(fragment.path, "fingerprint") is None
