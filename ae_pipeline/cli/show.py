"""How verbs end: reports on stdout, warnings and failures on stderr, an exit code that tells."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any  # any result record

from ae_pipeline.cli.terminal import print_plain, stderr, stdout
from ae_pipeline.errors import FragmentsFailedError
from ae_pipeline.report.console import render
from ae_pipeline.report.errors import failure_lines
from ae_pipeline.report.outcome import Result, result_lines, result_tables, result_warnings
from ae_pipeline.report.table import to_json
from ae_pipeline.results.dataset import DatasetReport, FragmentFailure


def show(report: DatasetReport, as_json: bool) -> None:
    """Print a report; raise if fragments failed, so that the exit code tells."""
    show_result(report, as_json)
    raise_failed(report.failures, report.total.n_fragments, report.source)


def show_result(result: Result, as_json: bool) -> None:
    """Tables and lines on stdout, or JSON; warnings on stderr."""
    if as_json:
        print_json(result)
    else:
        for table in result_tables(result):
            render(table, stdout)
        for line in result_lines(result):
            stdout.print(line, markup=False)
    warn(result_warnings(result))


def warn(warnings: Sequence[str]) -> None:
    """One line each on stderr."""
    for warning in warnings:
        stderr.print(f"warning: {warning}", markup=False, soft_wrap=True)


def raise_failed(failures: Sequence[FragmentFailure], n_done: int, source: str) -> None:
    """Name what failed, and raise `FragmentsFailedError` if anything did."""
    if not failures:
        return
    for line in failure_lines(failures):
        stderr.print(f"failed: {line}", markup=False, soft_wrap=True)
    raise FragmentsFailedError(
        f"{len(failures)} of {len(failures) + n_done} fragments failed",
        where=source,
        remedy="mend them and run again; the others are done",
    )


def tell_next(command: str) -> None:
    """What a newcomer would run next."""
    stdout.print(f"Next: ae-pipeline {command}", markup=False, soft_wrap=True)


def print_json(result: Any) -> None:
    """A result record on stdout, unwrapped."""
    print_plain(to_json(result))
