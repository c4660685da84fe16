"""Backfill: encode a selection of fragments. A killed run's finished work is never repeated."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ae_pipeline.config.job import EncodeJob, ExecutionConfig, VerifyJob
from ae_pipeline.dataset import Source, sparing, still_there
from ae_pipeline.fragments import EncodePlan
from ae_pipeline.lake import visiting_places
from ae_pipeline.results.backfill import BackfillPlan, BackfillReport
from ae_pipeline.results.progress import Progress, silent
from ae_pipeline.storage import read_notes
from ae_pipeline.store import place
from ae_pipeline.upkeep import list_source, plan_backfill, prune, remove_replaced
from ae_pipeline.verbs.decode import decode_fragments
from ae_pipeline.verbs.decode_plan import plan_verify
from ae_pipeline.verbs.encode import encode_fragments, encode_report
from ae_pipeline.verbs.encode_plan import prepare_backfill
from ae_pipeline.work import Outcome, keeping_workers


@visiting_places
def backfill(job: EncodeJob, progress: Progress = silent) -> BackfillReport:
    """Plan, prune, and encode the selected fragments.

    Raises:
        AePipelineError: the job as a whole cannot run. Failed fragments are in the report.
    """
    started = time.monotonic()
    source = list_source(job)
    with keeping_workers():
        plan = plan_backfill(job, source)
        encoding = start_backfill(job, plan, progress, source)
        if encoding is None:
            return finish_backfill(plan, None, Outcome((), ()), started)
        outcome = encode_fragments(encoding, job.execution, progress)
        replaced = replace_partitions(plan, outcome, job.execution, progress)
    return finish_backfill(plan, encoding, outcome, started, replaced)


def start_backfill(
    job: EncodeJob,
    plan: BackfillPlan,
    progress: Progress = silent,
    source: Source | None = None,
) -> EncodePlan | None:
    """Prune, find or fit the codec, claim the destination; None if nothing is to be encoded.

    Args:
        job: settings.
        plan: states found and fragments selected.
        progress: called while measuring and training.
        source: the listing that the plan was made from; None to list it now.

    Raises:
        AePipelineError: the source, codec, settings or destination cannot be used.
    """
    if job.backfill.dry_run:
        return None
    source = list_source(job) if source is None else source
    with sparing(source):
        prune(plan)
    if not plan.selected:
        return None
    # Another run may have verified and deleted some of the source meanwhile.
    present = still_there(source, read_notes(place(plan.destination), "retired"))
    encoding = prepare_backfill(job, present, progress)
    fragments = {fragment.relative: fragment for fragment in encoding.fragments}
    chosen = [fragments[one.relative] for one in plan.selected if one.relative in fragments]
    gone = [one.relative for one in plan.selected if one.relative not in fragments]
    is_forced = job.execution.force or "current" in job.backfill.only
    retired = {} if "retired" in job.backfill.only else encoding.retired
    return replace(
        encoding,
        fragments=tuple(chosen),
        force=is_forced,
        retired=retired,
        vanished=_vanished(gone, place(encoding.destination)),
    )


def finish_backfill(
    plan: BackfillPlan,
    encoding: EncodePlan | None,
    outcome: Outcome,
    started: float,
    replaced: tuple[str, ...] = (),
) -> BackfillReport:
    """Return the report; `started` is `time.monotonic()` when the backfill began."""
    report = None if encoding is None else encode_report(encoding, plan.source, outcome, started)
    return BackfillReport(plan, report, time.monotonic() - started, replaced)


def _vanished(names: Sequence[str], destination: Path) -> tuple[str, ...]:
    """Return the names that left the source since they were planned, unless a run deleted them."""
    retired = read_notes(destination, "retired") if names else {}
    return tuple(name for name in names if name not in retired)


def replace_partitions(
    plan: BackfillPlan,
    written: Outcome,
    execution: ExecutionConfig,
    progress: Progress = silent,
) -> tuple[str, ...]:
    """Read back and compare the partitions that were written, then call `remove_replaced`.

    Raises:
        AePipelineError: the dataset, its codecs or the source cannot be used.
    """
    partitions = {one.partition for one in plan.replaceable}
    if not partitions or plan.is_dry_run:
        return ()
    verifying = plan_verify(VerifyJob(archive=plan.destination, source=plan.source))
    names = {one.relative for one in plan.fragments if one.has_source}
    chosen = [
        one for one in verifying.fragments if one.partition in partitions and one.relative in names
    ]
    checked = decode_fragments(replace(verifying, fragments=tuple(chosen)), execution, progress)
    return remove_replaced(plan, written, checked)
