"""Rows for a program that asked with --json: one object, whose `ok` comes last.

Rows are printed as they are decoded, so memory stays flat; only then is it known that all came.
"""

from __future__ import annotations

import json
import sys
from typing import Any  # Any: JSON trees

import pyarrow as pa

from ae_pipeline.cli.rows.formats import row_as_json
from ae_pipeline.cli.running.failing import ToldFailedError, error_record
from ae_pipeline.cli.terminal import silence_stdout
from ae_pipeline.errors import AePipelineError


def print_answer(rows: pa.RecordBatchReader) -> None:
    """Print `columns`, `rows`, `n_rows` and `ok`; after a failure also `error`.

    Raises:
        ToldFailedError: rows could not be read to the end; the object says so.
    """
    try:
        _print(rows)
        sys.stdout.flush()
    except BrokenPipeError:
        silence_stdout()


def _print(rows: pa.RecordBatchReader) -> None:
    columns = [{"name": field.name, "type": str(field.type)} for field in rows.schema]
    _write(f'{{"columns": {json.dumps(columns)}, "rows": [')
    n_rows = 0
    try:
        for batch in rows:
            for row in batch.to_pylist():
                _write(",\n" * bool(n_rows) + row_as_json(row, is_ascii=True))
                n_rows += 1
    except AePipelineError as error:
        _close(n_rows, {"ok": False, "error": error_record(error)})
        parts = {"where": error.where, "got": error.got, "remedy": error.remedy}
        raise ToldFailedError(error.what, **parts) from error
    _close(n_rows, {"ok": True})


def _close(n_rows: int, verdict: dict[str, Any]) -> None:
    _write(f'], "n_rows": {n_rows}, {json.dumps(verdict)[1:]}\n')


def _write(text: str) -> None:
    sys.stdout.write(text)
