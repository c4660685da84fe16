"""How verbs end: results on stdout, warnings and failures on stderr, an exit code that agrees."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import Any  # JSON trees

from ae_pipeline.cli.console import print_words, render
from ae_pipeline.cli.running.failing import ToldFailedError, error_record
from ae_pipeline.cli.running.logs import told
from ae_pipeline.cli.running.session import current
from ae_pipeline.cli.terminal import print_plain, stderr, stdout
from ae_pipeline.errors import AePipelineError, FragmentsFailedError
from ae_pipeline.report.errors import failure_lines
from ae_pipeline.report.presenter import present
from ae_pipeline.report.tables.records import dump_json
from ae_pipeline.results.dataset import FragmentFailure
from ae_pipeline.results.result import Result

#: Rows of a table in the terminal, unless all are asked for.
MOST_ROWS = 20


def show(result: Result, is_json: bool, following: Sequence[str] = ()) -> None:
    """Print a result as tables or JSON, its warnings and failures, and what usually follows.

    Args:
        result: of a verb.
        is_json: print it for programs, as one object.
        following: words of the command that usually follows, from its verb; empty for none.

    Raises:
        FragmentsFailedError: some fragments failed; JSON has told of that already.
    """
    shown = present(result)
    failed = _failed(shown.failures(), shown.n_fragments(), shown.dataset())
    if is_json:
        print_plain(dump_json(_complete(result, failed, following)))
    else:
        show_tables(result, None if current().shows_all else MOST_ROWS)
    for line in (shown.headline(), *shown.lines()):
        told.info("%s", line)
    for warning in shown.warnings():
        _tell(f"warning: {warning}")
    if failed is not None:
        for line in failure_lines(shown.failures()):
            _tell(f"failed: {line}")
        raise _told_already(failed) if is_json else failed
    if following and not is_json:
        suggest(following)


def _complete(
    result: Result, failed: AePipelineError | None, following: Sequence[str]
) -> dict[str, Any]:
    """Return the record of a result with all that its tables tell."""
    shown = present(result)
    summary = [line for line in (shown.headline(), *shown.lines()) if line]
    error = {} if failed is None else {"error": error_record(failed)}
    after = {"next": command_of(following)} if following and failed is None else {}
    tree = {"ok": failed is None, **error, "summary": summary, **shown.record()}
    return {**tree, "warnings": shown.warnings(), **after}


def show_tables(result: Result, most_rows: int | None = None) -> None:
    """Print the headline and lines on stdout, then the tables.

    Args:
        result: of a verb.
        most_rows: of a table; None for all.
    """
    shown = present(result)
    if shown.headline():
        print_words(stdout, shown.headline(), "bold")
    for line in shown.lines():
        print_words(stdout, line)
    if shown.headline() or shown.lines():
        stdout.print()
    for table in shown.tables():
        render(table, stdout, most_rows)


def suggest(words: Sequence[str]) -> None:
    """Print the command that usually follows, given by its words from the verb."""
    stdout.print(f"Next: {command_of(words)}", markup=False, soft_wrap=True)


def command_of(words: Sequence[str]) -> str:
    """Return a command given by its words from the verb."""
    return f"ae-pipeline {shlex.join(words)}"


def _tell(line: str) -> None:
    stderr.print(line, markup=False, soft_wrap=True)
    told.warning("%s", line)


def _told_already(failed: FragmentsFailedError) -> FragmentsFailedError:
    return ToldFailedError(failed.what, where=failed.where, remedy=failed.remedy)


def _failed(
    failures: Sequence[FragmentFailure], n_fragments: int, dataset: str
) -> FragmentsFailedError | None:
    """Return the error of a run some of whose fragments failed, or None."""
    if not failures:
        return None
    return FragmentsFailedError(
        f"{len(failures)} of {n_fragments} fragments failed",
        where=dataset,
        remedy="fix them and run again; the others are done",
    )
