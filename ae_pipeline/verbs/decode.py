"""Decode: turn encoded fragments into tables of the source's schema, and measure errors.

Verify is decode without a destination.
"""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

from ae_pipeline.config.job import DecodeJob, ExecutionConfig, VerifyJob
from ae_pipeline.config.selection import SelectionConfig
from ae_pipeline.dataset import sparing_files
from ae_pipeline.formats import FragmentFormat
from ae_pipeline.fragments import DecodePlan, DecodeWork, summarize, write_metrics
from ae_pipeline.lake import visiting_places
from ae_pipeline.publish import remove
from ae_pipeline.results.dataset import DatasetReport, FragmentFailure
from ae_pipeline.results.progress import Progress, silent
from ae_pipeline.storage import WHOLE, former_metrics_file, metrics_file
from ae_pipeline.store import place
from ae_pipeline.upkeep import known_orphans, orphan_warnings, remember_damage
from ae_pipeline.verbs.decode_plan import plan_decode, plan_verify
from ae_pipeline.work import Outcome, carry_out


@visiting_places
def decode(job: DecodeJob, progress: Progress = silent) -> DatasetReport:
    """Reconstruct every fragment; compare with the source if it is given.

    Raises:
        AePipelineError: the job as a whole cannot run. Failed fragments are in the report.
    """
    started = time.monotonic()
    plan = plan_decode(job)
    outcome = decode_fragments(plan, job.execution, progress)
    return finish_decode(job, plan, outcome, started)


@visiting_places
def verify(job: VerifyJob, progress: Progress = silent) -> DatasetReport:
    """Decode every fragment of an archive; with a source, check that every value keeps its promise.

    Raises:
        AePipelineError: the job as a whole cannot run. Failed fragments are in the report.
    """
    started = time.monotonic()
    plan = plan_verify(job)
    outcome = decode_fragments(plan, job.execution, progress)
    return finish_verify(job, plan, outcome, started)


def decode_fragments(
    plan: DecodePlan, execution: ExecutionConfig, progress: Progress = silent
) -> Outcome:
    """Decode the fragments of a plan; failures are in the outcome.

    Without a destination, damaged fragments are noted for the next backfill.
    """
    stage = "verify" if plan.destination is None else "decode"
    with sparing_files(plan.spared, plan.read_paths()):
        outcome = carry_out(
            DecodeWork(plan), plan.fragments, execution=execution, stage=stage, progress=progress
        )
        if plan.destination is None:
            is_compared, is_whole = plan.source is not None, plan.part == WHOLE
            remember_damage(place(plan.encoded), outcome, is_compared, is_whole)
    return outcome


def finish_decode(
    job: DecodeJob, plan: DecodePlan, outcome: Outcome, started: float
) -> DatasetReport:
    """Return the report, and write the metrics table if values were compared."""
    codecs, columns = _codecs(plan), plan.part.columns
    encoded = job.archive or job.features or ""
    report = summarize(
        "decode", encoded, job.decoded, codecs, outcome, started, columns, job.source
    )
    if report.total.metrics is not None:
        with sparing_files(plan.spared, plan.read_paths()):
            write_metrics(report, metrics_file(place(job.decoded)))
            remove(former_metrics_file(place(job.decoded)))  # its rows would be counted as data
    warnings = (*report.warnings, *_orphans(plan, job.source))
    return replace(report, is_partial=job.selection != SelectionConfig(), warnings=warnings)


def finish_verify(
    job: VerifyJob, plan: DecodePlan, outcome: Outcome, started: float
) -> DatasetReport:
    """Return the report; source fragments that the archive lacks count as failures."""
    absent = (
        FragmentFailure(relative, "in the source but not in the archive", False)
        for relative in plan.absent
    )
    outcome = replace(outcome, failures=(*outcome.failures, *absent))
    report = verify_report(job, plan, outcome, started)
    return replace(report, warnings=(*report.warnings, *_orphans(plan, job.source)))


def verify_report(
    job: VerifyJob, plan: DecodePlan, outcome: Outcome, started: float
) -> DatasetReport:
    """Report the plan's fragments alone."""
    codecs, columns = _codecs(plan), plan.part.columns
    report = summarize("verify", job.archive, None, codecs, outcome, started, columns, job.source)
    n_retired = sum(fragment.relative in plan.retired for fragment in plan.fragments)
    is_partial = job.selection != SelectionConfig()
    if job.source is None or not n_retired:
        return replace(report, is_partial=is_partial)
    warning = (
        f"{n_retired} fragments were decoded and are the files that were verified before their "
        "sources were deleted; their values were not compared again"
    )
    return replace(report, is_partial=is_partial, warnings=(*report.warnings, warning))


def _orphans(plan: DecodePlan, source: str | None) -> tuple[str, ...]:
    """Return a warning that names fragments that were read although their source is gone."""
    fitted = [format.provenance.source for format in plan.open_formats().values()]
    return orphan_warnings(known_orphans(place(plan.encoded), plan.fragments, source, fitted))


def _codecs(plan: DecodePlan) -> dict[Path, FragmentFormat]:
    return {place(plan.codecs[name]): format for name, format in plan.open_formats().items()}
