"""Run names that say what runs on which dataset."""

from collections.abc import Callable

from prefect.runtime import flow_run

from ae_pipeline.config import JobConfig


def run_name(verb: str, *fields: str) -> Callable[[], str]:
    """A `flow_run_name`: the verb and the last folder of the first of `fields` that is set.

    The parameter `job` is a model when a script calls the flow and a dict when a deployment does.
    """

    def name() -> str:
        job = flow_run.parameters["job"]
        settings = job.model_dump() if isinstance(job, JobConfig) else job
        path = next((settings[field] for field in fields if settings.get(field)), "")
        return f"{verb} {path.rstrip('/').rpartition('/')[2]}"

    return name
