"""Columns of files and tables: the same, widened without loss, or refused."""

from __future__ import annotations

import pyarrow as pa
import pytest

from ae_pipeline.lake.matching import are_same, target_field
from ae_pipeline.lake.snapshot import Keys, by_name

NAMES = Keys(by_name, by_name)
UTC = pa.timestamp("us", "UTC")
SAME = [
    (pa.large_string(), pa.string()),
    (pa.string_view(), pa.large_string()),
    (pa.dictionary(pa.int32(), pa.string()), pa.string()),
    (pa.large_binary(), pa.binary()),
    (pa.timestamp("ns"), UTC),
    (pa.timestamp("ms", "UTC"), UTC),
    (pa.large_list(pa.field("item", pa.string())), pa.list_(pa.field("element", pa.string()))),
    (pa.uuid(), pa.binary(16)),
]
WIDENED = [
    (pa.int8(), pa.int64()),
    (pa.int32(), pa.float64()),
    (pa.float32(), pa.float64()),
    (pa.decimal128(5, 2), pa.decimal128(10, 4)),
    (pa.int32(), pa.decimal128(12, 2)),
    (pa.date32(), pa.timestamp("us")),
    (pa.null(), pa.string()),
]
LOSSY = [
    (pa.int64(), pa.int32()),
    (pa.int64(), pa.float64()),
    (pa.float64(), pa.float32()),
    (pa.decimal128(10, 2), pa.decimal128(10, 4)),
    (pa.int64(), pa.decimal128(12, 2)),
    (UTC, pa.timestamp("us")),
    (pa.string(), pa.int64()),
    (pa.uint32(), pa.int32()),
    (pa.list_(pa.int64()), pa.list_(pa.int32())),
    (pa.struct([("a", pa.int64())]), pa.struct([("a", pa.int32())])),
]


@pytest.mark.parametrize(("there", "wanted"), SAME, ids=str)
def test_types_of_the_same_values(there: pa.DataType, wanted: pa.DataType) -> None:
    """Such a file is read as it is, and a file that is written keeps its type."""
    assert are_same([pa.field("a", there)], [pa.field("a", wanted)], NAMES)
    assert target_field([pa.field("a", there)], pa.field("a", wanted), NAMES).type == there


@pytest.mark.parametrize(("there", "wanted"), WIDENED, ids=str)
def test_widened_types(there: pa.DataType, wanted: pa.DataType) -> None:
    """Each value of the file is one of the table's type."""
    assert not are_same([pa.field("a", there)], [pa.field("a", wanted)], NAMES)
    assert target_field([pa.field("a", there)], pa.field("a", wanted), NAMES).type == wanted


@pytest.mark.parametrize(("there", "wanted"), LOSSY, ids=str)
def test_types_that_would_lose_values(there: pa.DataType, wanted: pa.DataType) -> None:
    """No value is ever changed to suit a table."""
    with pytest.raises(TypeError, match=r"column '.*' is .*, in the table"):
        target_field([pa.field("a", there)], pa.field("a", wanted), NAMES)


def test_names_and_order_count() -> None:
    """Columns in another order, of another name, or more of them, are not the table's."""
    one, two = pa.field("a", pa.int64()), pa.field("b", pa.int64())
    assert are_same([one, two], [one, two], NAMES)
    for there in ([two, one], [one], [one, two, pa.field("c", pa.int64())]):
        assert not are_same(there, [one, two], NAMES)


def test_a_column_that_is_never_null_cannot_be_filled() -> None:
    """A file without it is no part of the table as its log tells it."""
    with pytest.raises(TypeError, match="never null"):
        target_field([], pa.field("a", pa.int64(), nullable=False), NAMES)
