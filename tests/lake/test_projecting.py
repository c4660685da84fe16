"""Rows as the table has them: every value as it was, at any depth, in slices too."""

from __future__ import annotations

import pyarrow as pa
import pytest

from ae_pipeline.lake.matching import target_field
from ae_pipeline.lake.projecting import project
from ae_pipeline.lake.snapshot import Keys, by_name

NAMES = Keys(by_name, by_name)
INNER = pa.struct([("x", pa.int32()), ("y", pa.string())])
WIDER = pa.struct([("new", pa.float64()), ("x", pa.int64())])
ROWS = [
    {"a": 1, "s": {"x": 1, "y": "q"}, "l": [{"x": 1, "y": None}], "m": [(1, {"x": 5, "y": ""})]},
    {"a": None, "s": None, "l": None, "m": None},
    {"a": 3, "s": {"x": None, "y": None}, "l": [], "m": []},
    {"a": 4, "s": {"x": 4, "y": "r"}, "l": [None, {"x": 2, "y": "z"}], "m": [(2, None)]},
]
THERE = pa.schema(
    [("a", pa.int32()), ("s", INNER), ("l", pa.list_(INNER)), ("m", pa.map_(pa.int64(), INNER))]
)
WANTED = pa.schema(
    [
        ("m", pa.map_(pa.int64(), WIDER)),
        ("none", pa.list_(pa.string())),
        ("l", pa.list_(WIDER)),
        ("s", WIDER),
        ("a", pa.int64()),
    ]
)


def _wider(value: dict[str, object] | None) -> dict[str, object] | None:
    return None if value is None else {"new": None, "x": value["x"]}


@pytest.mark.parametrize("start", range(4))
@pytest.mark.parametrize("large", [False, True])
def test_nested_values_stay(start: int, large: bool) -> None:
    """Parts of structs, also in lists and maps, are found, filled and widened row by row."""
    there = THERE.set(2, pa.field("l", pa.large_list(INNER))) if large else THERE
    batch = pa.RecordBatch.from_pylist(ROWS, there).slice(start)
    schema = pa.schema([target_field(list(there), field, NAMES) for field in WANTED])
    found = project(batch, schema, WANTED, NAMES)
    found.validate(full=True)
    assert found.to_pylist() == [
        {
            "m": None if row["m"] is None else [(key, _wider(value)) for key, value in row["m"]],
            "none": None,
            "l": None if row["l"] is None else [_wider(item) for item in row["l"]],
            "s": _wider(row["s"]),
            "a": row["a"],
        }
        for row in ROWS[start:]
    ]
