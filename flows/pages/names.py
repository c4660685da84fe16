"""Run names that say what runs on which dataset, and names that fit into keys."""

import hashlib
import re
from collections.abc import Callable
from pathlib import Path

from prefect.runtime import flow_run

from ae_pipeline.config.job import JobConfig
from ae_pipeline.escaping import visible
from ae_pipeline.locations import parse, without_version

_DIGEST_LENGTH = 6


def slug(dataset: str) -> str:
    """Return a dataset's last folder in lower-case letters, digits and dashes, and a path digest.

    `/data/Sales 2` is `sales-2-f30741`, and no other `Sales 2` is. All versions of a table are one.
    """
    dataset = without_version(dataset)
    place = dataset if parse(dataset) is not None else str(Path(dataset).resolve())
    name = re.sub(r"[^a-z0-9]+", "-", place.rpartition("/")[2].lower()).strip("-") or "dataset"
    return f"{name}-{hashlib.sha256(place.encode()).hexdigest()[:_DIGEST_LENGTH]}"


def run_name(verb: str, *fields: str) -> Callable[[], str]:
    """Return a `flow_run_name`: the verb and the last folder of the first of `fields` that is set.

    The parameter `job` is a model when a script calls the flow and a dict when a deployment does.
    """

    def name() -> str:
        job = flow_run.parameters["job"]
        settings = job.model_dump() if isinstance(job, JobConfig) else job
        path = next((settings[field] for field in fields if settings.get(field)), "")
        return visible(f"{verb} {path.rstrip('/').rpartition('/')[2]}")

    return name
