"""How a command fails: an expected error is one line, or JSON for a program that wants it."""

from __future__ import annotations

import sys
from typing import Any, NoReturn  # Any: JSON trees

import typer

from ae_pipeline.cli.terminal import print_plain, stderr
from ae_pipeline.errors import AePipelineError, FragmentsFailedError
from ae_pipeline.report.tables.records import dump_json

#: What typer raises for wrong usage; only one of its family has a public name in all releases.
UsageError: type[Exception] = typer.BadParameter.__mro__[1]
_USAGE_CODE = 2


class ToldFailedError(FragmentsFailedError):
    """Fragments failed, of which the result that was printed as JSON tells."""


def wants_json(arguments: list[str]) -> bool:
    """Whether a command line asks for JSON, known before it is understood."""
    return "--json" in arguments


def fail(error: Exception, is_json: bool) -> NoReturn:
    """Tell of an expected error and exit with code 1."""
    if is_json and not isinstance(error, ToldFailedError):
        print_plain(dump_json({"ok": False, "error": error_record(error)}))
    stderr.print(f"error: {error}", markup=False, soft_wrap=True)
    sys.exit(1)


def fail_of_usage(error: Any) -> NoReturn:
    """Tell of wrong usage as JSON and exit with code 2."""
    context = getattr(error, "ctx", None)
    remedy = "" if context is None else f"{context.command_path} --help"
    usage = "" if context is None else context.get_usage().removeprefix("Usage: ").strip()
    record = _record("UsageError", error.format_message(), expected=usage, remedy=remedy)
    print_plain(dump_json({"ok": False, "error": record}))
    sys.exit(_USAGE_CODE)


def error_record(error: Exception) -> dict[str, str]:
    """Return the parts of an error, each a text, empty where there is none."""
    kind = type(error).__name__
    if not isinstance(error, AePipelineError):
        return _record(kind, str(error))
    return _record(kind, error.what, error.where, error.expected, error.got, error.remedy)


def _record(
    kind: str, what: str, where: str = "", expected: str = "", got: str = "", remedy: str = ""
) -> dict[str, str]:
    names = ("kind", "what", "where", "expected", "got", "remedy")
    return dict(zip(names, (kind, what, where, expected, got, remedy), strict=True))
