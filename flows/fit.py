"""Flow: train an autoencoder on a source and write its codec.

Run it: `ae-pipeline run fit --config job.yaml`, or `python -m flows.fit` in a checkout.
"""

from prefect import State, flow, task

from ae_pipeline.config.job import FitJob
from ae_pipeline.lake import visiting_places
from ae_pipeline.results.fit import FitResult
from ae_pipeline.verbs import fit as fit_codec

from .pages.artifacts import publish
from .pages.names import run_name
from .runtime.blocks import lending_credentials
from .runtime.endings import ended
from .runtime.progress import listener
from .runtime.states import WORK, failing_in_one_line, result_of


@task(name="fit-codec", task_run_name="fit-codec", **WORK)
@failing_in_one_line
def run_fit(job: FitJob) -> FitResult:
    """Measure and train; after a kill or a retry, continue from the last checkpoint."""
    return fit_codec(job, listener())


@flow(name="fit", flow_run_name=run_name("fit", "source"), log_prints=False)
@failing_in_one_line
@lending_credentials
@visiting_places
def fit(job: FitJob) -> State[FitResult]:
    """Train an autoencoder on `job.source` and write the codec to `job.codec`.

    Args:
        job: the source, the codec directory, and the settings of columns, network and training.
    """
    result: FitResult = result_of(run_fit.with_options(retries=job.execution.retries), job)
    publish(result, job.source, "fit")
    return ended(result, job.source)


if __name__ == "__main__":
    from .runtime.command import main

    main(fit)
