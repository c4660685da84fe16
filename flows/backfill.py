"""Flow: encode a source's missing, stale or failed fragments, selected by partition and state.

Run it: `ae-pipeline run backfill --config job.yaml`, or `python -m flows.backfill` in a checkout.
"""

import time

from prefect import State, flow, task
from prefect.utilities.annotations import quote

from ae_pipeline.config.job import BackfillJob, EncodeJob
from ae_pipeline.dataset import Source
from ae_pipeline.fragments import EncodePlan
from ae_pipeline.lake import visiting_places
from ae_pipeline.results.backfill import BackfillPlan, BackfillReport
from ae_pipeline.upkeep import list_source, plan_backfill
from ae_pipeline.verbs import NOTHING, finish_backfill, replace_partitions, start_backfill
from ae_pipeline.work import Outcome

from .encode import encode_batch
from .pages.artifacts import publish, publish_details
from .pages.assets import publish_asset
from .pages.names import run_name
from .runtime.batches import run_batches
from .runtime.blocks import lending_credentials
from .runtime.endings import ended, planned
from .runtime.last_page import end_with_page
from .runtime.progress import listener
from .runtime.states import WORK, failing_in_one_line, result_of


@task(name="plan-backfill", task_run_name="plan-backfill", **WORK)
@failing_in_one_line
def make_plan(job: EncodeJob) -> tuple[Source, BackfillPlan]:
    """List the source, find the state of every fragment, select some; write nothing."""
    source = list_source(job)
    return source, plan_backfill(job, source)


@task(name="start-backfill", task_run_name="start-backfill", **WORK)
@failing_in_one_line
def start(job: EncodeJob, plan: BackfillPlan, source: Source) -> EncodePlan | None:
    """Prune, find or fit the codec, claim the destination."""
    return start_backfill(job, plan, listener(), source)


@task(name="replace", task_run_name="replace", **WORK)
@failing_in_one_line
def replace(job: EncodeJob, plan: BackfillPlan, written: Outcome) -> tuple[str, ...]:
    """Remove files that were rewritten under new names, once the new files are verified."""
    return replace_partitions(plan, written, job.execution, listener())


@flow(name="backfill", flow_run_name=run_name("backfill", "source"), log_prints=False)
@failing_in_one_line
@lending_credentials
@visiting_places
def backfill(job: BackfillJob) -> State[BackfillReport]:
    """Write the fragments of `job.source` that `job.backfill` selects; the others stay.

    Args:
        job: the source, what to write, and the selection; with `backfill.dry_run` the plan alone.
    """
    started = time.monotonic()
    retries = job.execution.retries
    source, plan = result_of(make_plan.with_options(retries=retries), job)
    publish_details(plan, plan.source, "backfill")
    if job.backfill.dry_run:
        return planned(finish_backfill(plan, None, NOTHING, started))
    # Quoted, because otherwise Prefect would look for futures in thousands of records.
    encoding = result_of(start.with_options(retries=retries), job, quote(plan), quote(source))
    return encode_planned(job, plan, encoding, started)


def encode_planned(
    job: EncodeJob, plan: BackfillPlan, encoding: EncodePlan | None, started: float
) -> State[BackfillReport]:
    """Encode the selected fragments, batch by batch, and publish the outcome.

    Raises:
        FragmentsFailedError: some failed; the others are written.
    """
    if encoding is None:
        return ended(finish_backfill(plan, None, NOTHING, started), job.source)
    outcome = run_batches(encode_batch, encoding, job.execution, job.source)
    replaced = result_of(replace, job, quote(plan), quote(outcome))
    report = finish_backfill(plan, encoding, outcome, started, replaced)
    if report.report is not None:
        publish(report.report, job.source, "backfill")
        publish_asset(report.report, plan.kind)
        end_with_page(job, plan.destination, "backfill", job.source)
    return ended(report, job.source, outcome)


if __name__ == "__main__":
    from .runtime.command import main

    main(backfill)
