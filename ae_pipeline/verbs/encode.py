"""Encode: write a source's missing and stale fragments to features or an archive."""

from __future__ import annotations

import time
from dataclasses import replace

from ae_pipeline.config.job import EncodeJob, ExecutionConfig
from ae_pipeline.dataset import discover, sparing_files
from ae_pipeline.errors import SourceError, listing
from ae_pipeline.fragments import EncodePlan, EncodeWork, summarize
from ae_pipeline.lake import visiting_places
from ae_pipeline.results.dataset import DatasetReport
from ae_pipeline.results.progress import Progress, silent
from ae_pipeline.storage import codec_directory
from ae_pipeline.store import place, save_facts
from ae_pipeline.upkeep import forget_retired, known_orphans, orphan_warnings, remember_failures
from ae_pipeline.verbs.encode_plan import prepare_encode
from ae_pipeline.work import Outcome, carry_out, keeping_workers


@visiting_places
def encode(job: EncodeJob, progress: Progress = silent) -> DatasetReport:
    """Encode every fragment of the source that is not current.

    Raises:
        AePipelineError: the job as a whole cannot run. Failed fragments are in the report.
    """
    started = time.monotonic()
    with keeping_workers():
        plan = prepare_encode(job, progress)
        outcome = encode_fragments(plan, job.execution, progress)
    return finish_encode(job, plan, outcome, started)


def encode_fragments(
    plan: EncodePlan, execution: ExecutionConfig, progress: Progress = silent
) -> Outcome:
    """Encode the fragments of a plan; failures are in the outcome."""
    with sparing_files(plan.spared, [fragment.path for fragment in plan.fragments]):
        outcome = carry_out(
            EncodeWork(plan), plan.fragments, execution=execution, stage="encode", progress=progress
        )
        remember_failures(place(plan.destination), plan.fragments, outcome)
        forget_retired(place(plan.destination), outcome)
    return outcome


def finish_encode(
    job: EncodeJob, plan: EncodePlan, outcome: Outcome, started: float
) -> DatasetReport:
    """Return the report; `started` is `time.monotonic()` when the verb began."""
    report = encode_report(plan, job.source, outcome, started)
    return replace(report, warnings=(*report.warnings, *_orphans(job, plan)))


def encode_report(plan: EncodePlan, source: str, outcome: Outcome, started: float) -> DatasetReport:
    """Report the plan's fragments alone, whatever else the destination holds."""
    save_facts()
    root = place(plan.destination)
    codecs = {codec_directory(root, name): format for name, format in plan.open_formats().items()}
    report = summarize("encode", source, plan.destination, codecs, outcome, started)
    return replace(report, warnings=(*report.warnings, *_told_vanished(plan)))


def _told_vanished(plan: EncodePlan) -> tuple[str, ...]:
    """Return a warning that names planned fragments that are gone from the source, if any."""
    if not plan.vanished:
        return ()
    n_gone = len(plan.vanished)
    files = "1 file is" if n_gone == 1 else f"{n_gone:,} files are"
    return (f"{files} gone from the source since the plan was made: {listing(plan.vanished)}",)


def _orphans(job: EncodeJob, plan: EncodePlan) -> tuple[str, ...]:
    """Return a warning that names fragments of the destination that the source no longer has."""
    try:
        written = discover(plan.destination).fragments
    except SourceError:
        return ()
    return orphan_warnings(known_orphans(place(plan.destination), written, job.source, ()))
