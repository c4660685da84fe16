"""YAML file and overrides → a checked job, or an error of one line."""

from __future__ import annotations

import difflib
import reprlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar  # Any: values of a YAML tree have no static type

from pydantic import BaseModel, ValidationError

from ae_pipeline.config.job import JobConfig
from ae_pipeline.config.refusal import REFUSED
from ae_pipeline.config.yaml_text import YamlError, load_yaml
from ae_pipeline.errors import ConfigError

Job = TypeVar("Job", bound=JobConfig)
_COMMAND_LINE = "the command line"
#: Groups for which a single value stands for one setting: `tolerance: 0.01`.
_SHORT = {
    "tolerance": "relative",
    "drift": "action",
}
#: Remedies by pydantic's type of error.
_REMEDIES = {
    "string_type": "write it in quotes",
    "number_type": "write digits; true and false are not numbers",
}
_BRIEF = reprlib.Repr()
_BRIEF.maxlevel = 2
_BRIEF.maxstring = _BRIEF.maxother = _BRIEF.maxlong = 200


def load_job(
    kind: type[Job],
    path: str | None,
    overrides: Mapping[str, Any] | None = None,
    places: Mapping[str, str] | None = None,
) -> Job:
    """Read `path` if there is one, apply `overrides`, and check the result.

    Args:
        kind: `JobConfig` or one of its subclasses; the settings it requires must be given.
        path: YAML file with the keys of `JobConfig`, or None.
        overrides: values by dotted key, e.g. `{"training.epochs": 5}`.
        places: where overrides are from, for messages; None for the command line.

    Raises:
        ConfigError: the file is missing or not a mapping, a key is unknown, or a value is invalid.
    """
    try:
        return kind.model_validate(_tree(path, overrides))
    except ValidationError as error:
        own = places or dict.fromkeys(overrides or (), _COMMAND_LINE)
        raise _explain(error, kind, path or _COMMAND_LINE, own) from None


def missing_settings(
    kind: type[Job],
    path: str | None,
    overrides: Mapping[str, Any],
    wanted: Sequence[str] = (),
) -> tuple[str, ...]:
    """Return the settings that a job requires and does not get.

    Args:
        kind: of job.
        path: as for `load_job`; it also raises the same.
        overrides: as for `load_job`.
        wanted: other settings to look for; empty for those that `kind` requires.
    """
    tree = _tree(path, overrides)
    fields = kind.model_fields.items()
    names = wanted or [name for name, field in fields if field.is_required()]
    return tuple(name for name in names if tree.get(name) is None)


def _tree(path: str | None, overrides: Mapping[str, Any] | None) -> dict[str, Any]:
    tree = _written_out(_read_yaml(path)) if path else {}
    for dotted, value in (overrides or {}).items():
        _set(tree, dotted, value)
    return tree


def parse_job(kind: type[Job], text: str) -> Job:
    """Read a job from its JSON, as `model_dump_json` writes it.

    Raises:
        ConfigError: the text is no JSON, a key is unknown, or a value is invalid.
    """
    try:
        return kind.model_validate_json(text)
    except ValidationError as error:
        raise _explain(error, kind, "the job", {}) from None


def parse_setting(text: str) -> tuple[str, Any]:
    """`"training.epochs=5"` → `("training.epochs", 5)`; the value is read as YAML.

    Raises:
        ConfigError: there is no `=`, or the value is not valid YAML.
    """
    key, separator, value = text.partition("=")
    if not separator or not key:
        raise ConfigError("bad setting", where="--set", got=repr(text), expected="KEY=VALUE")
    try:
        return key, load_yaml(value)
    except YamlError as error:
        raise ConfigError(
            "the value is not valid YAML",
            where=f"--set {key}",
            got=f"{_shortened(value)} ({error})",
        ) from None


def _read_yaml(path: str) -> dict[str, Any]:
    try:
        tree = load_yaml(Path(path).read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise ConfigError("cannot read the config file", where=path, got=str(error)) from None
    except ValueError as error:  # YamlError, and bytes that are not UTF-8
        raise ConfigError("the config file is not valid YAML", where=path, got=str(error)) from None
    if tree is None:
        return {}
    if not isinstance(tree, dict):
        raise ConfigError(
            "the config file holds no settings", where=path, expected="keys and values"
        )
    return tree


def _written_out(tree: Any) -> Any:
    """Return settings without shorthands: a number for a group becomes its usual setting."""
    if not isinstance(tree, dict):
        return tree
    return {
        key: {_SHORT[key]: value} if key in _SHORT and _is_scalar(value) else value
        for key, value in tree.items()
    }


def _is_scalar(value: Any) -> bool:
    return value is not None and not isinstance(value, dict | list)


def _set(tree: dict[str, Any], dotted: str, value: Any) -> None:
    """Set `a.b` in nested dicts, creating missing levels."""
    if dotted in _SHORT and _is_scalar(value):
        dotted = f"{dotted}.{_SHORT[dotted]}"  # and the settings beside it stay
    *parents, leaf = dotted.split(".")
    for parent in parents:
        branch = tree.get(parent)
        tree[parent] = dict(branch) if isinstance(branch, dict) else {}
        tree = tree[parent]
    tree[leaf] = value


def _explain(
    error: ValidationError, kind: type[BaseModel], where: str, places: Mapping[str, str]
) -> ConfigError:
    """The first fault as one line, with a count of the others."""
    faults = error.errors(include_url=False)
    fault = faults[0]
    key = ".".join(str(part) for part in fault["loc"])
    where = _place(key, places) or where
    more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
    if fault["type"] == "extra_forbidden":
        close = difflib.get_close_matches(str(fault["loc"][-1]), _keys(kind, fault["loc"][:-1]), 1)
        remedy = f"did you mean {close[0]!r}?" if close else "remove it"
        return ConfigError(f"unknown setting {key!r}{more}", where=where, remedy=remedy)
    if not fault["loc"] and fault["type"] == REFUSED:
        return ConfigError(f"settings do not go together{more}", where=where, **fault["ctx"])
    if not fault["loc"]:
        return ConfigError(fault["msg"].removeprefix("Value error, "), where=where)
    if fault["type"] == "missing":
        return ConfigError(f"setting {key!r} is required{more}", where=where)
    if fault["type"] == REFUSED:
        return ConfigError(f"setting {key!r} is not valid{more}", where=where, **fault["ctx"])
    return ConfigError(
        f"setting {key!r} is not valid{more}",
        where=where,
        expected=_expected(fault, kind),
        got=_shortened(fault["input"]),
        remedy=_REMEDIES.get(fault["type"], ""),
    )


def _place(key: str, places: Mapping[str, str]) -> str:
    """Return where the value of a key was given, or nothing if no override did."""
    for own, place in places.items():
        if f"{key}.".startswith(f"{own}.") or (key and own.startswith(f"{key}.")):
            return place
    return ""


def _expected(fault: Any, kind: type[BaseModel]) -> str:
    """Return what would have been right; of a group, that it has settings."""
    if fault["type"] != "model_type":
        return str(fault["msg"]).removeprefix("Input should be ")
    names = _keys(kind, fault["loc"])
    return f"settings of its own, such as {names[0]}" if names else "settings of its own"


def _shortened(value: object) -> str:
    """A value as written, cut if it is long, even if YAML anchors make it so."""
    return _BRIEF.repr(value)


def _keys(model: type[BaseModel], path: tuple[int | str, ...]) -> list[str]:
    """Valid keys at `path`."""
    for part in path:
        annotation = model.model_fields[str(part)].annotation
        if not (isinstance(annotation, type) and issubclass(annotation, BaseModel)):
            return []
        model = annotation
    return list(model.model_fields)
