"""Flow: the main job, end to end: fit a codec, encode the source, decode and compare.

Run it: `ae-pipeline run main_job --config job.yaml`, or `python -m flows.main_job` in a checkout.
"""

from prefect import State, flow

from ae_pipeline.config.job import MainJob
from ae_pipeline.lake import visiting_places
from ae_pipeline.report.presenter import present
from ae_pipeline.results.dataset import DatasetReport
from ae_pipeline.results.fit import FitResult

from .decode import decode
from .encode import encode
from .fit import fit
from .pages.artifacts import publish_markdown
from .pages.names import run_name
from .runtime.blocks import lending_credentials
from .runtime.endings import ended
from .runtime.states import failing_in_one_line, result_of


@flow(name="main-job", flow_run_name=run_name("main-job", "source"), log_prints=False)
@failing_in_one_line
@lending_credentials
@visiting_places
def main_job(job: MainJob) -> State[DatasetReport]:
    """Fit, encode, decode and compare one dataset, each as a flow of its own.

    Args:
        job: source, codec, features and decoded, and all settings.
    """
    fitted: FitResult = result_of(fit, job)
    result_of(encode, job)
    report: DatasetReport = result_of(decode, job)
    tables = [*present(fitted).tables(), *present(report).tables()]
    publish_markdown("main-job", job.source, tables, present(report).warnings())
    return ended(report, job.source)


if __name__ == "__main__":
    from .runtime.command import main

    main(main_job)
