"""How verbs end: results on stdout, warnings and failures on stderr, an exit code that agrees."""

from __future__ import annotations

from collections.abc import Sequence

from ae_pipeline.cli.console import render
from ae_pipeline.cli.terminal import print_plain, stderr, stdout
from ae_pipeline.errors import FragmentsFailedError
from ae_pipeline.report.errors import failure_lines
from ae_pipeline.report.forms import as_json
from ae_pipeline.report.presenter import present
from ae_pipeline.results.dataset import FragmentFailure
from ae_pipeline.results.result import Result


def show(result: Result, is_json: bool) -> None:
    """Print a result as tables or JSON, and its warnings and failures.

    Raises:
        FragmentsFailedError: some fragments failed.
    """
    shown = present(result)
    if is_json:
        print_plain(as_json(result))
    else:
        show_tables(result)
    for warning in shown.warnings():
        stderr.print(f"warning: {warning}", markup=False, soft_wrap=True)
    _raise_failed(shown.failures(), shown.n_fragments(), shown.dataset())


def show_tables(result: Result) -> None:
    """The headline, tables and lines on stdout."""
    shown = present(result)
    if shown.headline():
        stdout.print(shown.headline(), style="bold", markup=False)
        stdout.print()
    for table in shown.tables():
        render(table, stdout)
    for line in shown.lines():
        stdout.print(line, markup=False)


def suggest(command: str) -> None:
    """Print the command that usually follows."""
    stdout.print(f"Next: ae-pipeline {command}", markup=False, soft_wrap=True)


def _raise_failed(failures: Sequence[FragmentFailure], n_fragments: int, dataset: str) -> None:
    """Name the fragments that failed, and raise if there are any."""
    if not failures:
        return
    for line in failure_lines(failures):
        stderr.print(f"failed: {line}", markup=False, soft_wrap=True)
    raise FragmentsFailedError(
        f"{len(failures)} of {n_fragments} fragments failed",
        where=dataset,
        remedy="fix them and run again; the others are done",
    )
