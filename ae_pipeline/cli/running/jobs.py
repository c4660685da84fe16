"""A verb's job: what is missing is asked for by the name of its argument, with the usage."""

from __future__ import annotations

from typing import Any, TypeVar  # Any: parameters of whatever type

from ae_pipeline.cli.options import SET, Overrides
from ae_pipeline.cli.running.session import current
from ae_pipeline.config.job import DecodeJob, EncodeJob, JobConfig
from ae_pipeline.config.load import load_job, missing_settings

Job = TypeVar("Job", bound=JobConfig)
#: Arguments that have other names than the settings they give.
_ALIASES = {"archive": ("dest",), "features": ("dest",), "decoded": ("out",)}
#: Jobs that need one of two settings, whose arguments then come second and first.
_ONE_OF = ("archive", "features")


def read_job(kind: type[Job], config: str | None, overrides: Overrides) -> Job:
    """Read the job of the verb that runs.

    Args:
        kind: of job.
        config: path of a job file, or None.
        overrides: settings of the command line.

    Raises:
        ConfigError: as `load_job`.
        typer.BadParameter: or its base: arguments are missing; exit code 2.
    """
    missing = missing_settings(kind, config, overrides)
    if issubclass(kind, EncodeJob | DecodeJob):
        absent = missing_settings(kind, config, overrides, _ONE_OF)
        missing = missing if len(absent) < len(_ONE_OF) else (*missing, _written_by(absent))
    context = current().context
    if missing and context is not None:
        names = [_named(one) for one in _in_order(missing)]
        noun = "option" if all(name.startswith("-") for name in names) else "argument"
        context.fail(f"Missing {noun}{'s' * (len(names) > 1)} {', '.join(map(repr, names))}.")
    return load_job(kind, config, overrides, _places(overrides))


def _places(overrides: Overrides) -> dict[str, str]:
    """Return what gave each setting, by the name of the option if its name is the setting's."""
    named = {}
    for key, place in overrides.places.items():
        found = _parameter(key.rpartition(".")[2])
        is_option = found is not None and found.param_type_name == "option"
        named[key] = _named(key.rpartition(".")[2]) if place != SET and is_option else place
    return named


def _written_by(settings: tuple[str, ...]) -> str:
    """Return the one of two settings that the verb has an argument for."""
    return next((one for one in settings if _parameter(one) is not None), settings[0])


def _in_order(settings: tuple[str, ...]) -> list[str]:
    """Sort settings as the verb's arguments are, and drop those that are one argument."""
    numbers = {_number(one): one for one in reversed(settings)}
    return [numbers[number] for number in sorted(numbers)]


def _number(setting: str) -> int:
    context, found = current().context, _parameter(setting)
    return -1 if context is None or found is None else context.command.params.index(found)


def _named(setting: str) -> str:
    found = _parameter(setting)
    if found is None:
        return f"--set {setting}"
    is_option = found.param_type_name == "option"
    return str(found.opts[0] if is_option else found.metavar or found.name.upper())


def _parameter(setting: str) -> Any | None:
    """Return the argument or option that gives a setting, if the verb has one."""
    context = current().context
    if context is None:
        return None
    own = {one.name: one for one in context.command.params}
    return next((own[one] for one in (setting, *_ALIASES.get(setting, ())) if one in own), None)
