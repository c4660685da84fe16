"""Flow: read an archive back and check that every value keeps its promise.

Run it: `ae-pipeline run verify --config job.yaml`, or `python -m flows.verify` in a checkout.
"""

import time
from dataclasses import replace

from prefect import State, flow, task

from ae_pipeline.config.job import ExecutionConfig, VerifyJob
from ae_pipeline.fragments import DecodePlan
from ae_pipeline.lake import visiting_places
from ae_pipeline.results.dataset import DatasetReport
from ae_pipeline.verbs import decode_fragments, finish_verify, plan_verify
from ae_pipeline.work import Outcome

from .pages.artifacts import publish
from .pages.names import run_name
from .runtime.batches import checked, run_batches
from .runtime.blocks import lending_credentials
from .runtime.endings import ended
from .runtime.last_page import end_with_page
from .runtime.progress import listener
from .runtime.states import WORK, failing_in_one_line, result_of


@task(name="plan-verify", task_run_name="plan-verify", **WORK)
@failing_in_one_line
def make_plan(job: VerifyJob) -> DecodePlan:
    """Find the fragments and their codecs."""
    return plan_verify(job)


@task(name="verify-batch", task_run_name="verify-batch-{batch_no}", **WORK)
def verify_batch(batch_no: int, plan: DecodePlan, execution: ExecutionConfig) -> Outcome:
    """Verify the fragments of a plan; those that fail are named in the outcome."""
    outcome = decode_fragments(plan, execution, listener())
    return checked(outcome, execution)


@flow(name="verify", flow_run_name=run_name("verify", "archive"), log_prints=False)
@failing_in_one_line
@lending_credentials
@visiting_places
def verify(job: VerifyJob) -> State[DatasetReport]:
    """Decode every block of `job.archive`; with `job.source` every value is compared.

    Args:
        job: the archive, and the source to compare it with.
    """
    started = time.monotonic()
    plan: DecodePlan = result_of(make_plan.with_options(retries=job.execution.retries), job)
    outcome = run_batches(verify_batch, plan, job.execution, job.archive)
    report = finish_verify(job, plan, outcome, started)
    publish(report, job.archive, "verify")
    if job.source is not None:
        end_with_page(job, job.archive, "verify", job.source, report)
    return ended(report, job.archive, replace(outcome, failures=report.failures))


if __name__ == "__main__":
    from .runtime.command import main

    main(verify)
