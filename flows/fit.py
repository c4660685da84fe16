"""Flow: train an autoencoder on a source and write its codec.

Run it: `python -m flows.fit --config job.yaml`
"""

from prefect import flow, task
from prefect.cache_policies import NO_CACHE
from prefect.runtime import flow_run
from prefect.tasks import exponential_backoff

from ae_pipeline.config import FitJob
from ae_pipeline.pipeline import fit as fit_codec
from ae_pipeline.report import fit_table
from ae_pipeline.results import FitResult
from flows.artifacts import publish_markdown
from flows.progress import listener
from flows.states import failing_in_one_line, is_worth_retrying


@task(
    name="fit-codec",
    task_run_name="fit-codec",
    cache_policy=NO_CACHE,
    retry_delay_seconds=exponential_backoff(2),
    retry_jitter_factor=0.5,
    retry_condition_fn=is_worth_retrying,
)
@failing_in_one_line
def run_fit(job: FitJob) -> FitResult:
    """Measure and train; after a kill or a retry it goes on from the last checkpoint."""
    return fit_codec(job, listener())


@flow(name="fit", flow_run_name=lambda: run_name(flow_run.parameters["job"]), log_prints=False)
@failing_in_one_line
def fit(job: FitJob) -> FitResult:
    """Train an autoencoder on `job.source` and write the codec to `job.codec`.

    Args:
        job: the source, the codec directory, and the settings of columns, network and training.
    """
    result = run_fit.with_options(retries=job.execution.retries)(job)
    publish_markdown("fit", job.source, [fit_table(result)], [])
    return result


def run_name(job: FitJob) -> str:
    """`fit gas_turbine`."""
    return f"fit {job.source.rstrip('/').rpartition('/')[2]}"


if __name__ == "__main__":
    from flows.command import main

    main(fit, FitJob)
