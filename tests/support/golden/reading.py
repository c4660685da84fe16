"""Golden cases as the tests see them: where they lie, decoded, and described bit by bit."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any  # JSON trees

import pyarrow as pa
import pyarrow.parquet as pq

from ae_pipeline.config.job import DecodeJob
from ae_pipeline.dataset import discover
from ae_pipeline.verbs import decode

GOLDEN = Path(__file__).parents[2] / "golden"
EXPECTED_FILE = "expected.json"


def decode_case(folder: Path, destination: Path) -> dict[str, pa.Table]:
    """Decoded fragments of a case by relative path."""
    key = folder.parent.name.split("-", maxsplit=1)[0]
    job = DecodeJob.model_validate({key: str(folder / "dataset"), "decoded": str(destination)})
    report = decode(job)
    if report.failures:
        raise ValueError(f"{folder}: {report.failures[0]}")
    return {
        fragment.relative: pq.ParquetFile(fragment.path).read()
        for fragment in discover(destination).fragments
    }


def describe(table: pa.Table) -> dict[str, Any]:
    """A table as JSON in which every bit is seen."""
    columns = {name: describe_column(table[name].combine_chunks()) for name in table.column_names}
    schema = base64.b64encode(table.schema.serialize().to_pybytes()).decode()
    return {"schema": schema, "n_rows": len(table), "columns": columns}


def describe_column(column: pa.Array) -> str | list[str | None]:
    """Numbers as hex digits of their bits, `-` for null; all else as text."""
    kind = column.type
    if not (pa.types.is_integer(kind) or pa.types.is_floating(kind)):
        return [None if value is None else str(value) for value in column.to_pylist()]
    width = kind.bit_width // 8
    offset = column.offset * width
    content = column.buffers()[1].to_pybytes()[offset:] if len(column) else b""
    valid = column.is_valid().to_pylist()
    words = (content[width * row : width * (row + 1)][::-1].hex() for row in range(len(column)))
    return " ".join(word if is_valid else "-" for word, is_valid in zip(words, valid, strict=True))
