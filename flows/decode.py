"""Flow: reconstruct the tables of features or an archive and report errors per partition.

Run it: `ae-pipeline run decode --config job.yaml`, or `python -m flows.decode` in a checkout.
"""

import time

from prefect import State, flow, task

from ae_pipeline.config.job import DecodeJob, ExecutionConfig
from ae_pipeline.fragments import DecodePlan
from ae_pipeline.lake import visiting_places
from ae_pipeline.results.dataset import DatasetReport
from ae_pipeline.verbs import decode_fragments, finish_decode, plan_decode
from ae_pipeline.work import Outcome

from .pages.artifacts import publish
from .pages.assets import publish_asset
from .pages.names import run_name
from .runtime.batches import checked, run_batches
from .runtime.blocks import lending_credentials
from .runtime.endings import ended
from .runtime.last_page import end_with_page
from .runtime.progress import listener
from .runtime.states import WORK, failing_in_one_line, result_of


@task(name="plan-decode", task_run_name="plan-decode", **WORK)
@failing_in_one_line
def make_plan(job: DecodeJob) -> DecodePlan:
    """Find the fragments and their codecs, claim the destination."""
    return plan_decode(job)


@task(name="decode-batch", task_run_name="decode-batch-{batch_no}", **WORK)
def decode_batch(batch_no: int, plan: DecodePlan, execution: ExecutionConfig) -> Outcome:
    """Decode the fragments of a plan; those that fail are named in the outcome."""
    outcome = decode_fragments(plan, execution, listener())
    return checked(outcome, execution)


@flow(
    name="decode",
    flow_run_name=run_name("decode", "source", "archive", "features"),
    log_prints=False,
)
@failing_in_one_line
@lending_credentials
@visiting_places
def decode(job: DecodeJob) -> State[DatasetReport]:
    """Write the reconstructed tables to `job.decoded`; with `job.source` every value is compared.

    Args:
        job: features or archive, the folder to write, and the source to compare with.
    """
    started = time.monotonic()
    plan: DecodePlan = result_of(make_plan.with_options(retries=job.execution.retries), job)
    dataset = job.source or job.archive or job.features or ""
    outcome = run_batches(decode_batch, plan, job.execution, dataset)
    report = finish_decode(job, plan, outcome, started)
    publish(report, dataset, "decode")
    publish_asset(report, "decoded")
    compared = None if job.source is None else report
    end_with_page(job, job.decoded, "decode", job.source, compared)
    return ended(report, dataset, outcome)


if __name__ == "__main__":
    from .runtime.command import main

    main(decode)
