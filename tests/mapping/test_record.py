"""Records of mappings: what other people wrote is checked value by value."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from ae_pipeline.coding.entropy import pack_numbers
from ae_pipeline.mapping.fitting import fit_mapping
from ae_pipeline.mapping.record import mapping_from_json, mapping_to_json

FLOAT = {
    "kind": "float",
    "has_nulls": False,
    "n_bits": 64,
    "has_specials": False,
    "has_repairs": False,
    "scale": "decimal",
    "places": 2,
    "rule": "divide",
    "offset": 0,
    "step": 1,
}
RANK = {**FLOAT, "scale": "rank", "n_values": 2}
INTEGER = {"kind": "integer", "has_nulls": False, "offset": 0, "step": 1}
DIGITS = {**FLOAT, "scale": "digits", "digits": 4, "least": -3}


@pytest.mark.parametrize(
    ("tree", "kind"),
    [
        ({}, pa.int8()),
        ({"kind": "none"}, pa.int8()),
        ({"kind": ["integer"]}, pa.int8()),
        ({**INTEGER, "step": 0}, pa.int8()),
        ({**INTEGER, "step": True}, pa.int8()),
        ({**INTEGER, "step": 1 << 63}, pa.int8()),
        ({**INTEGER, "offset": 1.5}, pa.int8()),
        ({**INTEGER, "has_nulls": 1}, pa.int8()),
        (INTEGER, pa.float64()),
        ({"kind": "clock", "has_nulls": False}, pa.date32()),
        (FLOAT, pa.int8()),
        (FLOAT, pa.float32()),
        ({**FLOAT, "n_bits": 17}, pa.float64()),
        ({**FLOAT, "places": -1}, pa.float64()),
        ({**FLOAT, "places": 301}, pa.float64()),
        ({**FLOAT, "rule": "guess"}, pa.float64()),
        ({**FLOAT, "scale": "log"}, pa.float64()),
        ({**DIGITS, "digits": 16}, pa.float64()),
        ({**DIGITS, "least": 1000}, pa.float64()),
        (RANK, pa.float64()),
    ],
)
def test_damaged_records_are_refused(tree: dict[str, Any], kind: pa.DataType) -> None:
    """A setting that is missing, out of bounds or of another type is an error."""
    with pytest.raises((ValueError, KeyError, TypeError)):
        mapping_from_json(tree, "x", kind, ())


@pytest.mark.parametrize("values", [[1.0, 1.0], [2.0, 1.0], [1.0, float("nan")]])
def test_damaged_tables_are_refused(values: list[float]) -> None:
    """A table whose values do not ascend is an error."""
    table = pack_numbers(pa.array(values).to_numpy())
    with pytest.raises(ValueError, match="ascending"):
        mapping_from_json(RANK, "x", pa.float64(), (table,))


def test_records_are_deterministic() -> None:
    """Two fits to one sample write the same record and the same tables."""
    sample = pa.array([(place * 7919 % 40) / 0.7 for place in range(2000)])
    one, other = (fit_mapping("x", sample, 1.0) for _ in range(2))
    assert mapping_to_json(one) == mapping_to_json(other)
    assert one.tables == other.tables
    assert one.tables
