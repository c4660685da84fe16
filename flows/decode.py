"""Flow: reconstruct the tables of features or an archive and report errors per partition.

Run it: `python -m flows.decode --config job.yaml`
"""

import time

from prefect import State, flow, task

from ae_pipeline.config.job import DecodeJob, ExecutionConfig
from ae_pipeline.fragments import DecodePlan
from ae_pipeline.results.dataset import DatasetReport
from ae_pipeline.verbs import decode_fragments, finish_decode, plan_decode
from ae_pipeline.work import Outcome
from flows.artifacts import publish
from flows.assets import publish_asset
from flows.batches import checked, run_batches
from flows.endings import ended
from flows.names import run_name
from flows.progress import listener
from flows.states import WORK, failing_in_one_line, result_of


@task(name="plan-decode", task_run_name="plan-decode", **WORK)
@failing_in_one_line
def make_plan(job: DecodeJob) -> DecodePlan:
    """Find the fragments and their codecs, claim the destination."""
    return plan_decode(job)


@task(name="decode-batch", task_run_name="decode-batch-{batch_no}", **WORK)
def decode_batch(batch_no: int, plan: DecodePlan, execution: ExecutionConfig) -> Outcome:
    """Decode the fragments of a plan; those that fail are named in the outcome."""
    outcome = decode_fragments(plan, execution.workers, listener())
    return checked(outcome, execution)


@flow(
    name="decode",
    flow_run_name=run_name("decode", "source", "archive", "features"),
    log_prints=False,
)
@failing_in_one_line
def decode(job: DecodeJob) -> State[DatasetReport]:
    """Reconstruct what was encoded in `job.decoded`; with `job.source` every value is compared.

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
    return ended(report, dataset, outcome)


if __name__ == "__main__":
    from flows.command import main

    main(decode, DecodeJob)
