"""How verbs end: reports on stdout, warnings and failures on stderr, an exit code that tells."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any  # any result record

from ae_pipeline.cli.terminal import stderr, stdout
from ae_pipeline.errors import FragmentsFailedError
from ae_pipeline.report import closing_lines, failure_lines, render, report_tables, to_json
from ae_pipeline.results import DatasetReport, FragmentFailure


def show(report: DatasetReport, as_json: bool) -> None:
    """Print a report; raise if fragments failed, so that the exit code tells."""
    if as_json:
        print_json(report)
    else:
        for table in report_tables(report):
            render(table, stdout)
        for line in closing_lines(report):
            stdout.print(line, markup=False)
    warn(report.warnings)
    raise_failed(report.failures, report.total.n_fragments, report.source)


def warn(warnings: Sequence[str]) -> None:
    """One line each."""
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
    print(to_json(result))
