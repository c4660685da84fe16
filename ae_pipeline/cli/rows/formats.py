"""Rows as text, CSV, JSON lines or Parquet, on stdout or in a file that appears whole."""

from __future__ import annotations

import base64
import json
import math
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time
from pathlib import Path
from typing import IO, Any  # Any: values of any type

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
from pyarrow import types

from ae_pipeline.cli.rows.table import row_table
from ae_pipeline.cli.running.session import current
from ae_pipeline.cli.terminal import print_plain, silence_stdout, stdout
from ae_pipeline.errors import ConfigError
from ae_pipeline.publish import publishing

#: Rows of a table in the terminal, at most.
MOST_SHOWN = 20


def write_table(rows: pa.RecordBatchReader, out: Path | None, most: int) -> None:
    """Print the first rows as a table, and how many there are.

    Raises:
        ConfigError: there is a file to write, which wants another format.
    """
    if out is not None:
        raise ConfigError(
            "a table is for the terminal",
            where="--out",
            expected="--format csv, json or parquet",
            got="table",
        )
    first, n_rows = [], 0
    for batch in rows:
        first.append(batch.slice(0, max(most - n_rows, 0)))
        n_rows += len(batch)
    shown = pa.Table.from_batches(first, rows.schema)
    stdout.print(row_table(shown, stdout.width))
    stdout.print(_told(n_rows, len(shown)), style="dim")


def _told(n_rows: int, n_shown: int) -> str:
    rest = f", the first {n_shown} shown; --format csv has all" if n_shown < n_rows else ""
    return ("1 row" if n_rows == 1 else f"{n_rows:,} rows") + rest


def write_csv(rows: pa.RecordBatchReader, out: Path | None) -> None:
    """Write rows as CSV with a header; nested values as JSON, binary as base64."""
    schema = pa.schema([_csv_field(field) for field in rows.schema])
    with _bytes(out) as file, pyarrow.csv.CSVWriter(file, schema) as writer:
        for batch in rows:
            arrays = [_csv_array(array) for array in batch.columns]
            writer.write_batch(pa.RecordBatch.from_arrays(arrays, schema=schema))


def write_json(rows: pa.RecordBatchReader, out: Path | None) -> None:
    """Write each row as a JSON object on a line of its own; NaN and infinities as text."""
    with _bytes(out) as file:
        for batch in rows:
            for row in batch.to_pylist():
                file.write(row_as_json(row).encode() + b"\n")


def row_as_json(row: dict[str, Any], *, is_ascii: bool = False) -> str:
    """Return a row as a JSON object; NaN and infinities as text.

    Args:
        row: values by name.
        is_ascii: escape all other characters.
    """
    text = json.dumps(row, default=_as_json, ensure_ascii=is_ascii, allow_nan=True)
    if "NaN" in text or "Infinity" in text:
        return json.dumps(_finite(row), default=_as_json, ensure_ascii=is_ascii)
    return text


def write_parquet(rows: pa.RecordBatchReader, out: Path | None) -> None:
    """Write rows as Parquet; `ConfigError` if that would go to a terminal."""
    if out is None and sys.stdout.isatty():
        raise ConfigError(
            "Parquet is not for a terminal", where="--format", remedy="give --out FILE, or a pipe"
        )
    with (
        _bytes(out) as file,
        pq.ParquetWriter(file, rows.schema, compression="zstd") as writer,
    ):
        for batch in rows:
            writer.write_batch(batch)


@contextmanager
def _bytes(out: Path | None) -> Iterator[IO[bytes]]:
    """Yield where bytes go; a closed pipe is not an error, and a file appears whole."""
    if out is None:
        try:
            yield sys.stdout.buffer
            sys.stdout.buffer.flush()
        except BrokenPipeError:
            silence_stdout()
        return
    with publishing(out) as temporary, temporary.open("wb") as file:
        yield file
    if not current().is_json:
        print_plain(f"wrote {out}")


def _csv_field(field: pa.Field) -> pa.Field:
    return field.with_type(pa.string()) if _is_odd(field.type) else field


def _csv_array(array: pa.Array) -> pa.Array:
    if not _is_odd(array.type):
        return array
    if types.is_dictionary(array.type) and not _is_odd(array.type.value_type):
        return array.cast(array.type.value_type).cast(pa.string())
    texts = (None if value is None else _text(value) for value in array.to_pylist())
    return pa.array(texts, pa.string())


def _is_odd(kind: pa.DataType) -> bool:
    """Whether Arrow's writer of CSV does not know a type."""
    return (
        types.is_nested(kind)
        or types.is_dictionary(kind)
        or types.is_binary(kind)
        or types.is_large_binary(kind)
        or types.is_fixed_size_binary(kind)
        or types.is_interval(kind)
        or isinstance(kind, pa.ExtensionType)
    )


def _text(value: object) -> str:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    return value if isinstance(value, str) else json.dumps(_finite(value), default=_as_json)


def _finite(value: Any) -> Any:
    """Write what JSON has no numbers for as text: NaN, Infinity, -Infinity."""
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else f"{'-' if value < 0 else ''}Infinity"
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return value


def _as_json(value: object) -> str:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    return str(value)
