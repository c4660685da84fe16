"""Flow: write the latent features or the archive of a source, fragment by fragment.

Run it: `ae-pipeline run encode --config job.yaml`, or `python -m flows.encode` in a checkout.
"""

import time

from prefect import State, flow, task

from ae_pipeline.config.job import EncodeJob, ExecutionConfig
from ae_pipeline.fragments import EncodePlan
from ae_pipeline.lake import visiting_places
from ae_pipeline.results.dataset import DatasetReport
from ae_pipeline.verbs import encode_fragments, finish_encode, prepare_encode
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


@task(name="plan-encode", task_run_name="plan-encode", **WORK)
@failing_in_one_line
def make_plan(job: EncodeJob) -> EncodePlan:
    """Find or fit the codec, check it against the source, claim the destination."""
    return prepare_encode(job, listener())


@task(name="encode-batch", task_run_name="encode-batch-{batch_no}", **WORK)
def encode_batch(batch_no: int, plan: EncodePlan, execution: ExecutionConfig) -> Outcome:
    """Encode the fragments of a plan; those that fail are named in the outcome."""
    outcome = encode_fragments(plan, execution, listener())
    return checked(outcome, execution)


@flow(name="encode", flow_run_name=run_name("encode", "source"), log_prints=False)
@failing_in_one_line
@lending_credentials
@visiting_places
def encode(job: EncodeJob) -> State[DatasetReport]:
    """Write every fragment of `job.source` to `job.features` or `job.archive`; current ones stay.

    Args:
        job: the source, what to write, and the codec (fitted if none is given).
    """
    started = time.monotonic()
    plan: EncodePlan = result_of(make_plan.with_options(retries=job.execution.retries), job)
    outcome = run_batches(encode_batch, plan, job.execution, job.source)
    report = finish_encode(job, plan, outcome, started)
    publish(report, job.source, "encode")
    publish_asset(report, "features" if job.archive is None else "archive")
    end_with_page(job, job.archive or job.features or "", "encode", job.source)
    return ended(report, job.source, outcome)


if __name__ == "__main__":
    from .runtime.command import main

    main(encode)
