"""Find the state of each fragment: here in threads, or where many must be read by the engine."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from ae_pipeline.config.job import ExecutionConfig
from ae_pipeline.dataset import Fragment, Source
from ae_pipeline.results.backfill import PlannedFragment
from ae_pipeline.results.progress import silent
from ae_pipeline.store import is_there
from ae_pipeline.upkeep.finding import Destination, Finding, finding_of
from ae_pipeline.upkeep.finding_work import found_elsewhere
from ae_pipeline.work import PATIENCE_S, in_threads

#: Most states are known without reading; each thread has several turns, in case some are not.
_MOST_AT_ONCE, _LEAST_TURNS = 64, 8


def fragment_statuses(
    source: Source,
    destination: Destination,
    execution: ExecutionConfig,
    patience_s: float = PATIENCE_S,
) -> list[PlannedFragment]:
    """Find the state of every fragment of a source, in their order.

    Args:
        source: its fragments are looked at; it caches their fingerprints.
        destination: the dataset they are encoded to.
        execution: engine and number of workers.
        patience_s: warn of a fragment that makes no progress for this long.
    """
    elsewhere = found_elsewhere(source, destination, execution)

    def status(fragment: Fragment) -> PlannedFragment:
        known = elsewhere.get(fragment.relative)
        state, reason = known or finding_of(fragment, source.fingerprint, destination)
        return PlannedFragment(
            fragment.relative, sys.intern(fragment.partition), state, reason, fragment.size_bytes
        )

    workers, n_fragments = execution.workers, len(source.fragments)
    return in_threads(
        source.fragments,
        status,
        workers=workers,
        stage="plan",
        progress=silent,
        patience_s=patience_s,
        at_once=max(1, min(_MOST_AT_ONCE, n_fragments // (_LEAST_TURNS * workers))),
    )


def orphan_statuses(
    fragments: Sequence[Fragment], destination: Destination, source: Path
) -> list[PlannedFragment]:
    """Find why each of these fragments of the destination has no source.

    Args:
        fragments: fragments of the destination.
        destination: the dataset.
        source: root of the source, which lists none of them.
    """
    return [
        PlannedFragment(
            fragment.relative,
            fragment.partition,
            *_without_source(fragment, destination, source),
            fragment.size_bytes,
            has_source=False,
        )
        for fragment in fragments
    ]


def _without_source(fragment: Fragment, destination: Destination, source: Path) -> Finding:
    if fragment.relative in destination.retired:
        return "retired", "its source was deleted after verification"
    path = source / fragment.relative
    if path.is_symlink() and not path.exists():
        return "retired", "its source was a link to one that was deleted after verification"
    if is_there(path):
        return "failed", "its source is not Parquet any more"
    return "orphaned", "not in the source any more"
