"""Flow: the main job, end to end: fit a codec, encode the source, decode and compare.

Run it: `python -m flows.main_job --config job.yaml`
"""

from prefect import flow
from prefect.runtime import flow_run

from ae_pipeline.config import MainJob
from ae_pipeline.results import DatasetReport
from flows.decode import decode
from flows.encode import encode
from flows.fit import fit
from flows.states import failing_in_one_line


@flow(name="main-job", flow_run_name=lambda: run_name(flow_run.parameters["job"]), log_prints=False)
@failing_in_one_line
def main_job(job: MainJob) -> DatasetReport:
    """Fit, encode, decode and compare one dataset, each as a flow of its own.

    Args:
        job: source, codec, features and decoded, and all settings.
    """
    fit(job)
    encode(job)
    return decode(job)


def run_name(job: MainJob) -> str:
    """`main-job gas_turbine`."""
    return f"main-job {job.source.rstrip('/').rpartition('/')[2]}"


if __name__ == "__main__":
    from flows.command import main

    main(main_job, MainJob)
