"""Flow: bring an archive up to date every night: encode, read back, compare, then delete if asked.

Run it: `ae-pipeline run compress --config job.yaml`, or `python -m flows.compress` in a checkout.
"""

import time

from prefect import State, Task, flow, task
from prefect.utilities.annotations import quote

from ae_pipeline.config.job import CompressJob, ExecutionConfig
from ae_pipeline.dataset import Source
from ae_pipeline.fragments import DecodePlan, EncodePlan
from ae_pipeline.lake import visiting_places
from ae_pipeline.report.presenter import present
from ae_pipeline.results.backfill import BackfillPlan
from ae_pipeline.results.compress import CompressReport
from ae_pipeline.results.drift import DriftReport
from ae_pipeline.upkeep import (
    check_deletable,
    finish_retiring,
    list_source,
    plan_backfill,
    remove_replaced,
)
from ae_pipeline.verbs import (
    NOTHING,
    Settled,
    finish_compress,
    plan_check,
    settle,
    start_compress,
    watch_drift,
)
from ae_pipeline.work import Outcome

from .encode import encode_batch
from .pages.artifacts import publish, publish_details, publish_page, publish_table
from .pages.assets import publish_asset
from .pages.events import emit_drift
from .pages.names import run_name
from .runtime.batches import Plan, run_batches
from .runtime.blocks import lending_credentials
from .runtime.endings import ended, planned
from .runtime.last_page import end_with_page
from .runtime.progress import listener
from .runtime.states import WORK, failing_in_one_line, result_of
from .verify import verify_batch


@task(name="plan-compress", task_run_name="plan-compress", **WORK)
@failing_in_one_line
def make_plan(job: CompressJob) -> tuple[Source, BackfillPlan]:
    """Finish deletions that a kill cut short; list the source, find the state of every fragment."""
    check_deletable(job)
    finish_retiring(job)
    source = list_source(job)
    return source, plan_backfill(job, source)


@task(name="watch-drift", task_run_name="watch-drift", **WORK)
@failing_in_one_line
def watch(job: CompressJob, plan: BackfillPlan, source: Source) -> DriftReport | None:
    """Compare a sample of the new data with fit time; refit if the settings say so."""
    return watch_drift(job, plan, listener(), source)


@task(name="start-compress", task_run_name="start-compress", **WORK)
@failing_in_one_line
def start(
    job: CompressJob, plan: BackfillPlan, drift: DriftReport | None, source: Source
) -> EncodePlan | None:
    """Find or fit the codec, claim the archive."""
    return start_compress(job, plan, drift, listener(), source)


@task(name="plan-check", task_run_name="plan-check", **WORK)
@failing_in_one_line
def make_check(
    job: CompressJob,
    plan: BackfillPlan,
    encoding: EncodePlan | None,
    written: Outcome,
    source: Source,
) -> DecodePlan | None:
    """Plan which archive files are read back."""
    return plan_check(job, plan, encoding, written, source)


@task(name="replace", task_run_name="replace", **WORK)
@failing_in_one_line
def replace_all(plan: BackfillPlan, written: Outcome, checked: Outcome) -> tuple[str, ...]:
    """Remove files that were rewritten under new names, once the new files are verified."""
    return remove_replaced(plan, written, checked)


@task(name="settle", task_run_name="settle", **WORK)
@failing_in_one_line
def settle_all(
    job: CompressJob, verifying: DecodePlan | None, checked: Outcome, source: Source
) -> Settled:
    """Set aside fragments that failed verification; delete the sources that may go."""
    return settle(job, verifying, checked, source)


@flow(name="compress", flow_run_name=run_name("compress", "source"), log_prints=False)
@failing_in_one_line
@lending_credentials
@visiting_places
def compress(job: CompressJob) -> State[CompressReport]:
    """Encode new fragments of `job.source`, read them back and compare every value.

    Args:
        job: source and archive, what to do about drift, and whether sources are deleted afterwards.
    """
    started = time.monotonic()
    retries = job.execution.retries
    source, plan = result_of(make_plan.with_options(retries=retries), job)
    publish_details(plan, plan.source, "compress")
    if job.backfill.dry_run:
        settled = Settled()
        report = finish_compress(
            job, plan, None, (None, NOTHING), (None, NOTHING), settled, started
        )
        return planned(report)
    drift = _gate(job, plan, source)
    encoding: EncodePlan | None = result_of(
        start.with_options(retries=retries), job, quote(plan), quote(drift), quote(source)
    )
    written = _in_batches(encode_batch, encoding, job)
    verifying: DecodePlan | None = result_of(
        make_check.with_options(retries=retries),
        job,
        quote(plan),
        quote(encoding),
        quote(written),
        quote(source),
    )
    checked = _in_batches(verify_batch, verifying, job)
    replaced = result_of(replace_all, quote(plan), quote(written), quote(checked))
    settled = result_of(
        settle_all.with_options(retries=retries),
        job,
        quote(verifying),
        quote(checked),
        quote(source),
    )
    report = finish_compress(
        job, plan, drift, (encoding, written), (verifying, checked), settled, started, replaced
    )
    _publish(report, job)
    return ended(report, job.source, Outcome(report.done, report.failures))


def _gate(job: CompressJob, plan: BackfillPlan, source: Source) -> DriftReport | None:
    """Watch for drift, and publish it."""
    attempt = watch.with_options(retries=job.execution.retries)
    drift: DriftReport | None = result_of(attempt, job, quote(plan), quote(source))
    if drift is not None:
        (table,) = present(drift).tables()
        publish_table("drift", job.source, table)
        if drift.is_drifted or drift.is_shifted:
            emit_drift(drift, job.source)
    return drift


def _in_batches(
    batch_task: Task[[int, Plan, ExecutionConfig], Outcome], plan: Plan | None, job: CompressJob
) -> Outcome:
    """Do as `run_batches`; return an empty outcome without a plan."""
    return NOTHING if plan is None else run_batches(batch_task, plan, job.execution, job.source)


def _publish(report: CompressReport, job: CompressJob) -> None:
    """Publish tables of written and verified fragments, the asset, and a summary."""
    if report.encoded is not None:
        publish_asset(report.encoded, "archive")
    if report.verified is not None:
        publish(report.verified, job.source, "compress-verify")
    publish_details(report, job.source, "compress")
    publish_page(report, job.source, "compress", most_failures=len(report.failures))
    if report.encoded is not None or report.verified is not None:
        source = job.source if job.retention.delete_source == "never" else None
        end_with_page(job, job.archive, "compress", source, report.verified)


if __name__ == "__main__":
    from .runtime.command import main

    main(compress)
