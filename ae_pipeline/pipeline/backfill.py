"""Backfill: encode with a selection. What was done is never done again, whoever was killed."""

from __future__ import annotations

import logging
import time
from dataclasses import replace
from pathlib import Path

from ae_pipeline.config import EncodeJob
from ae_pipeline.pipeline.apart import sparing
from ae_pipeline.pipeline.backfill_plan import plan_backfill
from ae_pipeline.pipeline.encode import encode_fragments, encode_report
from ae_pipeline.pipeline.encode_plan import EncodePlan, plan_encode
from ae_pipeline.pipeline.fragments import Outcome
from ae_pipeline.publish import remove
from ae_pipeline.results import BackfillPlan, BackfillReport, Progress, silent
from ae_pipeline.storage import remove_note

logger = logging.getLogger(__name__)


def backfill(job: EncodeJob, progress: Progress = silent) -> BackfillReport:
    """Plan, prune, encode what is selected.

    Raises:
        AePipelineError: the job as a whole cannot run. Fragments that fail are in the report.
    """
    started = time.monotonic()
    plan = plan_backfill(job)
    encoding = start_backfill(job, plan, progress)
    if encoding is None:
        return finish_backfill(plan, None, Outcome((), ()), started)
    outcome = encode_fragments(encoding, job.execution.workers, progress)
    return finish_backfill(plan, encoding, outcome, started)


@sparing("source")
def start_backfill(
    job: EncodeJob, plan: BackfillPlan, progress: Progress = silent
) -> EncodePlan | None:
    """Prune, find or fit the codec, claim the destination; None if nothing is to be encoded.

    Raises:
        AePipelineError: of the source, the codec, the settings or the destination.
    """
    if job.backfill.dry_run:
        return None
    _prune(plan)
    if not plan.selected:
        return None
    encoding = plan_encode(job, progress, is_backfill=True)
    fragments = {fragment.relative: fragment for fragment in encoding.fragments}
    # What vanished since it was planned is left to the next plan.
    chosen = [fragments[one.relative] for one in plan.selected if one.relative in fragments]
    is_forced = job.execution.force or "current" in job.backfill.only
    retired = {} if "retired" in job.backfill.only else encoding.retired
    return replace(encoding, fragments=tuple(chosen), force=is_forced, retired=retired)


def finish_backfill(
    plan: BackfillPlan, encoding: EncodePlan | None, outcome: Outcome, started: float
) -> BackfillReport:
    """Sum up; `started` is `time.monotonic()` when the backfill began."""
    report = None if encoding is None else encode_report(encoding, plan.source, outcome, started)
    return BackfillReport(plan, report, time.monotonic() - started)


def _prune(plan: BackfillPlan) -> None:
    """Remove what the source does not have any more, and folders that are empty then."""
    root = Path(plan.destination)
    for orphan in plan.pruned:
        path = root / orphan.relative
        remove(path)
        remove_note(root, "failed", orphan.relative)
        logger.info("pruned %s: %s", orphan.relative, orphan.reason)
        _remove_empty(path.parent, root)


def _remove_empty(folder: Path, root: Path) -> None:
    while folder != root and not any(folder.iterdir()):
        folder.rmdir()
        folder = folder.parent
