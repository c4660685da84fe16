"""Flow: reconstruct the tables of a features dataset and report their errors per partition.

Run it: `python -m flows.decode --config job.yaml`
"""

import time

from prefect import flow, task
from prefect.cache_policies import NO_CACHE
from prefect.runtime import flow_run
from prefect.tasks import exponential_backoff

from ae_pipeline.config import DecodeJob
from ae_pipeline.pipeline import (
    DecodePlan,
    Outcome,
    decode_fragments,
    finish_decode,
    plan_decode,
)
from ae_pipeline.report import column_table, failure_lines, partition_table
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


@task(name="plan-decode", task_run_name="plan-decode", cache_policy=NO_CACHE)
@failing_in_one_line
def plan(job: DecodeJob) -> DecodePlan:
    """Find the fragments and their codecs, claim the destination."""
    return plan_decode(job)


@task(
    name="decode-batch",
    task_run_name="decode-batch-{batch_no}",
    cache_policy=NO_CACHE,
    retry_delay_seconds=exponential_backoff(2),
    retry_jitter_factor=0.5,
    retry_condition_fn=is_worth_retrying,
)
def decode_batch(
    batch_no: int, plan: DecodePlan, fragments: tuple[Fragment, ...], workers: int, retries: int
) -> Outcome:
    """Decode some fragments; those that fail are named in the outcome."""
    outcome = decode_fragments(plan, fragments, workers, listener())
    raise_if_transient(outcome, retries)
    return outcome


@flow(name="decode", flow_run_name=lambda: run_name(flow_run.parameters["job"]), log_prints=False)
@failing_in_one_line
def decode(job: DecodeJob) -> DatasetReport:
    """Reconstruct `job.features` in `job.decoded`; with `job.source` every value is compared.

    Args:
        job: the features dataset, the folder to write, and the source to compare with.
    """
    started = time.monotonic()
    decode_plan = plan(job)
    execution = job.execution
    attempt = decode_batch.with_options(retries=execution.retries)
    batches = enumerate(split_batches(decode_plan.fragments, execution), start=1)
    outcome = merge_outcomes(
        [
            attempt(number, decode_plan, batch, execution.workers, execution.retries)
            for number, batch in batches
        ]
    )
    report = finish_decode(job, decode_plan, outcome, started)
    tables = [partition_table(report)]
    dataset = job.source or job.features
    publish_table("decode-partitions", dataset, tables[0], worst="MSE")
    if report.total.metrics is not None:
        tables.append(column_table(report))
        publish_table("decode-columns", dataset, tables[1], worst="MSE/var")
    publish_markdown("decode", dataset, tables, [*report.warnings, *failure_lines(report)])
    raise_if_failed(outcome, job.features)
    return report


def run_name(job: DecodeJob) -> str:
    """`decode gas_turbine`."""
    return f"decode {(job.source or job.features).rstrip('/').rpartition('/')[2]}"


if __name__ == "__main__":
    from flows.command import main

    main(decode, DecodeJob)
