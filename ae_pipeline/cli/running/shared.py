"""Options that every verb has, added to its own: it need not know of them."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any  # Any: options of whatever type, and typer's context

import typer

from ae_pipeline.cli.running.logs import logging_to
from ae_pipeline.cli.running.session import Session, begun
from ae_pipeline.cli.terminal import keeping_quiet

#: Most of what prints JSON prints tables otherwise, which can be cut.
_TABLES, _ALL = "as_json", "show_all"


@contextmanager
def _running(
    context: Any,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Log one line per fragment.")
    ] = False,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Show nothing but warnings and errors.")
    ] = False,
    log_file: Annotated[
        Path | None,
        typer.Option("--log-file", metavar="FILE", help="Append the log to FILE, as with -v."),
    ] = None,
    show_all: Annotated[bool, typer.Option("--all", help="Show all rows of each table.")] = False,
    as_json: bool = False,
) -> Iterator[None]:
    session = Session(context, as_json, quiet, show_all)
    with begun(session), logging_to(log_file, verbose), keeping_quiet(quiet):
        yield


_SHARED = inspect.signature(_running, eval_str=True).parameters
#: How typer knows the parameter that it gives its context to.
_CONTEXT = _SHARED["context"].replace(annotation=typer.Context)


def with_shared_options(
    verb: Callable[..., None], *, has_tables: bool = True
) -> Callable[..., None]:
    """Return a verb with the options of all verbs.

    Args:
        verb: a function of typer's.
        has_tables: what it prints unless asked for JSON are tables that can be cut.
    """
    own = inspect.signature(verb, eval_str=True).parameters
    has_tables = has_tables and _TABLES in own
    without = {_CONTEXT.name, _TABLES, *(() if has_tables else (_ALL,))}
    added = [_CONTEXT, *(one for name, one in _SHARED.items() if name not in without)]
    names = [one.name for one in added]

    @functools.wraps(verb)
    def run(**given: Any) -> None:
        shared = {name: given.pop(name) for name in names}
        with _running(**shared, as_json=given.get(_TABLES, False)):
            verb(**given)

    every = (*own.values(), *added)
    parameters = [one.replace(kind=inspect.Parameter.KEYWORD_ONLY) for one in every]
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # typer's way
    run.__annotations__ = {one.name: one.annotation for one in parameters}
    return run
