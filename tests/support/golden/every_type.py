"""Golden case: every numeric type, missing and special values, kept columns; no network."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import numpy as np
import pyarrow as pa

from ae_pipeline.codec.archive import ArchiveCodec
from ae_pipeline.columns import TableSchema
from tests.support.golden.case import PROVENANCE, Golden, integers, linear_quantizers

_INTEGERS = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")
_STEPS = (1, 1, 1 << 16, 1 << 40, 1, 1, 1 << 16, 1 << 40)
_FLOATS = {"float16": pa.float16(), "float32": pa.float32(), "float64": pa.float64()}
_BITS = {"float16": "u2", "float32": "u4", "float64": "u8"}
#: As bits: NaN with a payload, signalling NaN, negative NaN, +Inf, -Inf, -0.0, subnormals.
_SPECIAL = {
    "float16": "7e5a 7d01 fe00 7c00 fc00 8000 0001 83ff",
    "float32": "7fc0beef 7f800001 ffc00000 7f800000 ff800000 80000000 00000001 807fffff",
    "float64": "7ff800000000cafe 7ff0000000000001 fff8000000000000 7ff0000000000000 "
    "fff0000000000000 8000000000000000 0000000000000001 800fffffffffffff",
}


def types_case() -> Golden:
    """All numeric types within a tolerance and exact, missing and special values, kept columns."""
    features = types_features(0, 1)
    schema = pa.schema([*features.schema, *kept_columns(1).schema], {"made by": "a formula"})
    tolerance = [_types_tolerance(name) for name in features.column_names]
    codec = ArchiveCodec(
        schema=TableSchema(schema, tuple(features.column_names)),
        quantizers=linear_quantizers(
            [0.0 if name != "offset" else -273.15 for name in features.column_names], tolerance
        ),
        std=np.ones(len(tolerance)),
        predictor=None,
        network=None,
        provenance=PROVENANCE,
    )
    tables = {f"day={day}/part-0.parquet": types_table(day, n, schema) for day, n in _DAYS}
    own = tables["day=2/part-0.parquet"]
    own = own.select(own.column_names[::-1]).replace_schema_metadata({"day": "two"})
    return Golden(codec, {**tables, "day=2/part-0.parquet": own}, block_rows=31)


_DAYS = ((1, 70), (2, 9), (3, 0))


def types_table(seed: int, n_rows: int, schema: pa.Schema) -> pa.Table:
    """One fragment; its last column of features has metadata."""
    columns = [*types_features(seed, n_rows).columns, *kept_columns(n_rows).columns]
    return pa.table(columns, schema=schema)


def types_features(seed: int, n_rows: int) -> pa.Table:
    """Feature columns; names that end in `exact` have tolerance 0."""
    columns: dict[str, pa.Array] = {}
    for number, (kind, step) in enumerate(zip(_INTEGERS, _STEPS, strict=True)):
        info = np.iinfo(kind)
        values = (integers(seed + number, n_rows, 120) * step).astype(kind)
        values[::9] = info.max
        values[4::9] = info.min
        columns[kind] = pa.array(values, mask=np.arange(n_rows) % 5 == number % 5)
        columns[f"{kind} exact"] = pa.array(values)
    for number, (kind, arrow) in enumerate(_FLOATS.items()):
        values = (integers(seed + 9 + number, n_rows, 4000) / 32 - 60).astype(kind)
        columns[f"{kind} plain"] = pa.array(values, arrow)
        columns[kind] = pa.array(_with_special(values), arrow, mask=np.arange(n_rows) % 8 == 7)
        columns[f"{kind} exact"] = pa.array(_with_special(values), arrow)
    return pa.table({**columns, **_odd_columns(seed, n_rows)})


def _with_special(values: np.ndarray) -> np.ndarray:
    """Every fifth value is a special one, bit for bit."""
    kind = values.dtype.name
    bits = values.view(_BITS[kind]).copy()
    special = np.array([int(word, 16) for word in _SPECIAL[kind].split()], _BITS[kind])
    bits[::5] = np.resize(special, len(bits[::5]))
    return bits.view(kind)


def _odd_columns(seed: int, n_rows: int) -> dict[str, pa.Array]:
    """A constant, one without values, half of them null, few null, an offset, wide integers."""
    values = integers(seed + 20, n_rows, 1000) / 8
    is_half = integers(seed + 21, n_rows, 2) == 1
    return {
        "constant": pa.array(np.full(n_rows, 0.1)),
        "constant exact": pa.array(np.full(n_rows, -0.0, np.float32)),
        "nothing": pa.nulls(n_rows, pa.float64()),
        "half null": pa.array(values, mask=is_half),
        "few null": pa.array(values, mask=np.arange(n_rows) % 30 == 11),
        "offset": pa.array(values - 273.15),
        "wide": pa.array(values * 1e6),
        "wider": pa.array(values * 1e11),
        "huge": pa.array(values * 1e300),
    }


def _types_tolerance(name: str) -> float:
    if name.endswith("exact"):
        return 0.0
    special = {"offset": 0.05, "wide": 0.5, "wider": 0.25, "huge": 1e299, "int64": 1 << 38}
    return float(special.get(name, 0.25 if name.startswith("float") else 1.0))


def kept_columns(n_rows: int) -> pa.Table:
    """Columns that an archive copies."""
    start = datetime(2020, 2, 29, 23, 59, tzinfo=UTC)
    rows = range(n_rows)
    times = [start + timedelta(microseconds=row) for row in rows]
    lists = [None if row % 7 == 3 else list(range(row % 4)) for row in rows]
    words = pa.array([("low", "high", None)[row % 3] for row in rows], pa.string())
    return pa.table(
        {
            "text": pa.array([f"řádek {row}" for row in rows], pa.string()),
            "when": pa.array(times, pa.timestamp("us", "Europe/Prague")),
            "price": pa.array([Decimal(row * 7) / 100 for row in rows], pa.decimal128(9, 2)),
            "level": words.dictionary_encode(),
            "parts": pa.array(lists, pa.list_(pa.int16())),
        }
    )
