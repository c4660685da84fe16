"""Visit the object stores of a job while a verb or a flow runs."""

from __future__ import annotations

from contextlib import AbstractContextManager

from ae_pipeline.config.job import JobConfig
from ae_pipeline.store.session import visiting


def visiting_stores(job: JobConfig, *, keeps_facts: bool = True) -> AbstractContextManager[None]:
    """Let what runs inside use the places of a job, wherever they lie; errors as `visiting`."""
    places = [job.source, job.codec, job.features, job.archive, job.decoded]
    places.append(job.training.start_from)
    return visiting(places, job.stores, job.execution.scratch, keeps_facts=keeps_facts)
