"""Parquet files as others write them, made of what Arrow writes by another footer."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from ae_pipeline.parquet.restate import restate
from ae_pipeline.parquet.schema import ParquetSchema, read_parquet_schema
from ae_pipeline.parquet.thrift import BINARY, I32, STRUCT, Struct

N_ROWS = 6
BOOL, INT32, INT64, INT96, _, _, BYTES, FIXED = range(8)
REQUIRED, OPTIONAL, REPEATED = range(3)

_NUMBERED = {"kind": 1, "length": 2, "n_children": 5, "converted": 6, "scale": 7, "precision": 8}


def element(
    name: str, repetition: int = OPTIONAL, logical: int | None = None, **numbers: int
) -> Struct:
    """A schema element; `numbers` are its fields by name, `logical` that of its logical type."""
    fields: list[tuple[int, int, object]] = [(3, I32, repetition), (4, BINARY, name.encode())]
    names = {**_NUMBERED, "field_id": 9}
    fields += [(names[key], I32, value) for key, value in numbers.items()]
    if logical is not None:
        fields.append((10, STRUCT, ((logical, STRUCT, ()),)))
    return tuple(sorted(fields))  # type: ignore[arg-type]


def stated_schema(path: Path) -> tuple[ParquetSchema, bytes | None]:
    """The Parquet schema of a file, and the Arrow schema that it stores."""
    with path.open("rb") as file:
        return read_parquet_schema(file)


def write_odd(path: Path, column: pa.Array, *elements: Struct, **options: object) -> None:
    """A file of that column, described by these elements, beside a feature column `a`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    table = pa.table({"x": column, "a": np.arange(len(column)) * 0.5})
    pq.write_table(table, path, **{"store_schema": False, **options})
    if elements:
        schema, _ = stated_schema(path)
        restate(path, replace(schema, columns=(elements, *schema.columns[1:])))
