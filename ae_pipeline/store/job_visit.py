"""Visit the object stores of a job while a verb or a flow runs."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

from ae_pipeline.config.job import JobConfig
from ae_pipeline.store.session import visiting

_Job = TypeVar("_Job", bound=JobConfig)
_More = ParamSpec("_More")
_Made = TypeVar("_Made")


def visiting_stores(
    verb: Callable[Concatenate[_Job, _More], _Made],
) -> Callable[Concatenate[_Job, _More], _Made]:
    """Let a function use the places of its job, its first argument, wherever they lie."""

    @wraps(verb)
    def visited(job: _Job, /, *more: _More.args, **named: _More.kwargs) -> _Made:
        with visiting(_places(job), job.stores, job.execution.scratch):
            return verb(job, *more, **named)

    return visited


def _places(job: JobConfig) -> list[str | None]:
    named = [job.source, job.codec, job.features, job.archive, job.decoded]
    return [*named, job.training.start_from]
