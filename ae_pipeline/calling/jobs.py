"""Make a job from the arguments of a call, with the keys of a job file as keywords."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, TypeAlias, TypeGuard, TypeVar  # Any: settings have values of many types

from ae_pipeline.config.job import JobConfig
from ae_pipeline.config.load import load_job
from ae_pipeline.errors import ConfigError

_Job = TypeVar("_Job", bound=JobConfig)
Place: TypeAlias = str | os.PathLike[str]

#: Keywords that stand for a key further down.
_SHORT = {
    "tolerance": "tolerance.relative",
    "keep": "columns.keep",
    "effort": "execution.effort",
    "workers": "execution.workers",
    "force": "execution.force",
    "where": "backfill.where",
    "latent_dim": "network.latent_dim",
    "epochs": "training.epochs",
}


def job_of(
    kind: type[_Job],
    places: Mapping[str, _Job | Place | None],
    config: Place | None,
    settings: Mapping[str, Any],
) -> _Job:
    """Return a job of these places and settings; the first place may be a whole job.

    Args:
        kind: of job.
        places: paths or URIs by their keys; None for those that are left to `config`.
        config: job file that the other arguments override.
        settings: by key. `a__b=1`, `a={"b": 1}` and, for some, a short keyword say the same; a
            tolerance may be a number.

    Raises:
        ConfigError: a setting is unknown or invalid, or a whole job comes with others.
    """
    first = next(iter(places.values()))
    if isinstance(first, JobConfig):
        others = [*(name for name, one in list(places.items())[1:] if one is not None), *settings]
        if others or config is not None:
            raise ConfigError(
                "a job has its settings already",
                where=kind.__name__,
                got=", ".join(others) or "config",
                remedy="give paths and keywords instead of a job, or put them into it",
            )
        return first
    given = {name: os.fspath(one) for name, one in places.items() if _is_place(one)}
    named = {_key(name, value): value for name, value in settings.items()}
    return load_job(kind, None if config is None else os.fspath(config), given | named)


def _is_place(given: JobConfig | Place | None) -> TypeGuard[Place]:
    return given is not None and not isinstance(given, JobConfig)


def _key(name: str, value: object) -> str:
    if name in _SHORT and not isinstance(value, Mapping):
        return _SHORT[name]
    return name.replace("__", ".")
