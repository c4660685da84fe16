"""Conditions in SQL's text: what they match is what DuckDB matches."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import duckdb
import pyarrow as pa
import pytest

from ae_pipeline.errors import ConfigError
from ae_pipeline.reading.sql_condition import parsed
from tests.support.checks import assert_one_line

TABLE = pa.table(
    {
        "a": pa.array([1, 2, None, 4]),
        "b": pa.array([1.5, None, 2.5, -1.0]),
        "word": pa.array(["x", "yy", None, "Xz"]),
        "kind": pa.array(["x", "y", None, "x"]).dictionary_encode(),
        "money": pa.array([Decimal("1.50"), None, Decimal("2.00"), Decimal("3.25")]),
        "is_ok": pa.array([True, False, None, True]),
        "day": pa.array([0, 1, None, 3], pa.date32()),
        "moment": pa.array([datetime(2024, 1, 1, hour, tzinfo=UTC) for hour in range(4)]),
        "odd name": pa.array([1, 2, 3, 4]),
    }
)


@pytest.mark.parametrize(
    "text",
    [
        "a > 1",
        "1 < a",
        "a = 1 or b > 2",
        "a <> 2 and not (b > 0)",
        "not a in (1, 4)",
        "a not in (1, 4)",
        "a in (1, null)",
        "a between 2 and 4",
        "a not between 2 and 3",
        "b >= -1.0 and b < 2.5",
        "a > b",
        "word like 'x%'",
        "word ilike 'x%'",
        "word not like '%z'",
        "word = 'it''s' or word = 'yy'",
        "kind = 'x'",
        "kind like 'x%'",
        "kind in ('y', 'z')",
        "money >= 2",
        "money = 1.5",
        "is_ok",
        "not is_ok",
        "is_ok = true",
        "is_ok is not true",
        "(a > 1) is null",
        "a is null",
        "a is not null and (b is null)",
        "day >= date '1970-01-02'",
        "day = '1970-01-04'",
        "moment > timestamptz '2024-01-01 01:30:00+00'",
        '"odd name" > 2',
        "ODD_NAME is null or A = 4",
        "true",
        "a = null",
    ],
)
def test_matches_are_duckdbs(text: str) -> None:
    """A condition matches the rows that DuckDB matches, or is refused in one line."""
    try:
        found = TABLE.filter(parsed(text, TABLE.schema))
    except ConfigError as error:
        assert text in ("(a > 1) is null", "ODD_NAME is null or A = 4")
        assert_one_line(error)
        return
    with duckdb.connect() as connection:
        connection.register("t", TABLE)
        expected = connection.sql(f'select "odd name" from t where {text}').fetchall()  # noqa: S608, ours
    assert found["odd name"].to_pylist() == [row[0] for row in expected]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a >",
        "a > 1; drop table t",
        "nope = 1",
        "sum(a) > 1",
        "a + 1 > 2",
        "word > 3",
        "1 = 1",
        "a = 'x'",
        "day > 'soon'",
        "(" * 2000 + "a = 1" + ")" * 2000,
    ],
)
def test_others_are_refused(text: str) -> None:
    """What is not understood is refused in one line, never half applied."""
    with pytest.raises(ConfigError) as error:
        parsed(text, TABLE.schema)
    assert_one_line(error.value)
