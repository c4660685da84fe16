"""Plan a backfill: which fragments are to be written, and why. Reads, writes nothing."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ae_pipeline.config.backfill import BackfillConfig
from ae_pipeline.config.job import EncodeJob
from ae_pipeline.dataset import (
    Fragment,
    Source,
    find_source,
    in_natural_order,
    known_values,
    tell_ignored,
)
from ae_pipeline.extras import require
from ae_pipeline.formats import (
    check_kind_of_codec,
    check_settings,
    destination_of,
    find_format,
    format_of,
)
from ae_pipeline.results.backfill import BackfillPlan, PlannedFragment
from ae_pipeline.selection import fragments_between, latest, latest_first
from ae_pipeline.storage import check_apart, check_kind, read_marker, read_notes, read_unchecked
from ae_pipeline.upkeep.orphans import orphan_warnings
from ae_pipeline.upkeep.prune import refusal
from ae_pipeline.upkeep.status import Destination, fragment_statuses, orphan_statuses

logger = logging.getLogger(__name__)


def list_source(job: EncodeJob) -> Source:
    """List the source of a job, for all of its steps.

    Raises:
        SourceError: it is not there, or is empty although not all of it was deleted.
    """
    root = destination_of(job)
    return find_source(job.source, read_notes(root, "retired"), root)


def plan_backfill(job: EncodeJob, source: Source | None = None) -> BackfillPlan:
    """Find the state of every fragment that `job.backfill` looks at, and select some.

    Args:
        job: settings.
        source: as `list_source` found it; None to list it.

    Raises:
        AePipelineError: the source, codec, settings or selection cannot be used.
    """
    started = time.monotonic()
    root = destination_of(job)
    kind = format_of(job).kind
    check_kind(root, read_marker(root), kind)
    format = find_format(job, root)
    if format is not None:
        check_kind_of_codec(job, format)
        check_settings(job, format)
    destination = Destination.look(root, format)
    source = list_source(job) if source is None else source
    tell_ignored(source, job.source)
    check_apart(source, root)
    written = destination.fragments()
    fragments = _select(_statuses(job, source, written, destination), job.backfill)
    fragments = _mark_replaceable(fragments, job.backfill, root)
    fragments, warnings = _guarded(job, fragments, source, written)
    plan = BackfillPlan(
        source=job.source,
        destination=str(root),
        kind=kind,
        codec_id=None if format is None else format.codec_id,
        fragments=tuple(fragments),
        seconds=time.monotonic() - started,
        is_dry_run=job.backfill.dry_run,
    )
    return replace(plan, warnings=(*warnings, *_told(plan, written)))


def _guarded(
    job: EncodeJob, fragments: list[PlannedFragment], source: Source, written: Sequence[Fragment]
) -> tuple[list[PlannedFragment], tuple[str, ...]]:
    """The fragments, and what to say of removing too much: a dry run tells, a run refuses.

    Raises:
        ConfigError: pruning would remove too much.
    """
    root, n_listed = destination_of(job), len(source.fragments)
    pruned = [one for one in fragments if one.is_selected and one.state == "orphaned"]
    going = [*pruned, *(one for one in fragments if one.is_replaceable)]
    refused = None if job.execution.force else refusal(going, len(written), n_listed, root)
    if refused is None:
        return fragments, ()
    if pruned and not job.backfill.dry_run:
        raise refused
    if not job.backfill.dry_run:  # the new files are written all the same
        fragments = [replace(one, is_replaceable=False) for one in fragments]
    return fragments, (str(refused),)


def _told(plan: BackfillPlan, written: Sequence[Fragment]) -> tuple[str, ...]:
    """A warning for orphans that stay."""
    staying = {
        one.relative
        for one in plan.fragments
        if one.state == "orphaned" and not (one.is_selected or one.is_replaceable)
    }
    return orphan_warnings([one for one in written if one.relative in staying])


def _mark_replaceable(
    fragments: Sequence[PlannedFragment], config: BackfillConfig, root: Path
) -> list[PlannedFragment]:
    """Mark orphans of partitions in which something is written, or was by a night that was killed.

    Partitions of which the source lists nothing are never among them.
    """
    if not config.replace_partitions:
        return list(fragments)
    noted = read_unchecked(root)
    renewed = {
        one.partition
        for one in fragments
        if one.has_source and (one.is_selected or one.relative in noted)
    }
    return [
        replace(
            one,
            is_replaceable=one.state == "orphaned"
            and not one.is_selected
            and one.partition in renewed,
        )
        for one in fragments
    ]


def _statuses(
    job: EncodeJob, source: Source, written: Sequence[Fragment], destination: Destination
) -> list[PlannedFragment]:
    """Of the fragments in the selected partitions, whether or not the source still has them."""
    known = {fragment.relative for fragment in source.fragments}
    gone = [one for one in written if one.relative not in known]
    if source.is_single_file:  # what lies beside it has a source, although it was not named
        gone = [one for one in gone if not os.path.lexists(source.root / one.relative)]
    everything = in_natural_order([*source.fragments, *gone])
    chosen = _of_partitions(everything, job.backfill)
    if everything and not chosen:
        _tell_what_there_is(everything, job.backfill)
    there = [fragment for fragment in chosen if fragment.relative in known]
    statuses = {
        status.relative: status
        for status in (
            *fragment_statuses(
                replace(source, fragments=tuple(there)), destination, job.execution.workers
            ),
            *orphan_statuses(
                [one for one in chosen if one.relative not in known], destination, source.root
            ),
        )
    }
    return [statuses[fragment.relative] for fragment in chosen]


def _of_partitions(fragments: Sequence[Fragment], config: BackfillConfig) -> Sequence[Fragment]:
    """Those that predicate, range and lookback leave, in the order in which they are done."""
    if config.where is not None:
        require("backfill.where", "sqlglot")
        # It costs a tenth of a second, and few jobs have a predicate.
        from ae_pipeline.selection.predicate import fragments_where  # noqa: PLC0415

        fragments = fragments_where(fragments, config.where)
    if config.start is not None or config.end is not None:
        fragments = fragments_between(fragments, config.start, config.end)
    if config.lookback is not None:
        fragments = latest(fragments, config.lookback)
    return fragments if config.order == "asc" else latest_first(fragments)


def _tell_what_there_is(fragments: Sequence[Fragment], config: BackfillConfig) -> None:
    """Warn that nothing was selected: it is a typo, or the data is not there yet."""
    criteria = config.model_dump(include={"where", "start", "end"}, exclude_none=True)
    asked = ", ".join(f"backfill.{name} {value}" for name, value in criteria.items())
    logger.warning("no partition matches %s: there is %s", asked, known_values(fragments))


def _select(statuses: Sequence[PlannedFragment], config: BackfillConfig) -> list[PlannedFragment]:
    """Mark what is to be done."""
    left = len(statuses) if config.limit is None else config.limit
    planned = []
    for status in statuses:
        is_selected = status.state in config.only and status.has_source and left > 0
        left -= is_selected
        is_selected |= config.prune and status.state == "orphaned"
        planned.append(replace(status, is_selected=is_selected))
    return planned
