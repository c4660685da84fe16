"""Flow: the main job, end to end: fit a codec, encode the source, decode and compare.

Run it: `python -m flows.main_job --config job.yaml`
"""

from prefect import State, flow

from ae_pipeline.config.job import MainJob
from ae_pipeline.report.presenter import present
from ae_pipeline.results.dataset import DatasetReport
from ae_pipeline.results.fit import FitResult
from flows.artifacts import publish_markdown
from flows.decode import decode
from flows.encode import encode
from flows.endings import ended
from flows.fit import fit
from flows.names import run_name
from flows.states import failing_in_one_line, result_of


@flow(name="main-job", flow_run_name=run_name("main-job", "source"), log_prints=False)
@failing_in_one_line
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
    from flows.command import main

    main(main_job, MainJob)
