"""Flow: write the latent features of a source, fragment by fragment.

Run it: `python -m flows.encode --config job.yaml`
"""

import time

from prefect import flow, task
from prefect.cache_policies import NO_CACHE
from prefect.runtime import flow_run
from prefect.tasks import exponential_backoff

from ae_pipeline.config import EncodeJob
from ae_pipeline.pipeline import (
    EncodePlan,
    Outcome,
    encode_fragments,
    finish_encode,
    plan_encode,
)
from ae_pipeline.report import failure_lines, partition_table
from ae_pipeline.results import DatasetReport
from ae_pipeline.source import Fragment
from flows.artifacts import publish_markdown, publish_table
from flows.batches import merge_outcomes, split_batches
from flows.progress import listener
from flows.states import (
    failing_in_one_line,
    is_worth_retrying,
    raise_if_failed,
    raise_if_transient,
)


@task(name="plan-encode", task_run_name="plan-encode", cache_policy=NO_CACHE)
@failing_in_one_line
def plan(job: EncodeJob) -> EncodePlan:
    """Find or fit the codec, check it against the source, claim the destination."""
    return plan_encode(job, listener())


@task(
    name="encode-batch",
    task_run_name="encode-batch-{batch_no}",
    cache_policy=NO_CACHE,
    retry_delay_seconds=exponential_backoff(2),
    retry_jitter_factor=0.5,
    retry_condition_fn=is_worth_retrying,
)
def encode_batch(
    batch_no: int, plan: EncodePlan, fragments: tuple[Fragment, ...], workers: int, retries: int
) -> Outcome:
    """Encode some fragments; those that fail are named in the outcome."""
    outcome = encode_fragments(plan, fragments, workers, listener())
    raise_if_transient(outcome, retries)
    return outcome


@flow(name="encode", flow_run_name=lambda: run_name(flow_run.parameters["job"]), log_prints=False)
@failing_in_one_line
def encode(job: EncodeJob) -> DatasetReport:
    """Write the latents of every row of `job.source` to `job.features`; current ones stay.

    Args:
        job: the source, the features dataset, and the codec (fitted if none is given).
    """
    started = time.monotonic()
    encode_plan = plan(job)
    execution = job.execution
    attempt = encode_batch.with_options(retries=execution.retries)
    batches = enumerate(split_batches(encode_plan.fragments, execution), start=1)
    outcome = merge_outcomes(
        [
            attempt(number, encode_plan, batch, execution.workers, execution.retries)
            for number, batch in batches
        ]
    )
    report = finish_encode(job, encode_plan, outcome, started)
    table = partition_table(report)
    publish_table("encode-partitions", job.source, table)
    publish_markdown("encode", job.source, [table], [*report.warnings, *failure_lines(report)])
    raise_if_failed(outcome, job.source)
    return report


def run_name(job: EncodeJob) -> str:
    """`encode gas_turbine`."""
    return f"encode {job.source.rstrip('/').rpartition('/')[2]}"


if __name__ == "__main__":
    from flows.command import main

    main(encode, EncodeJob)
