"""The kind of a column, from its type and its values."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from ae_pipeline.inputs import Category
from tests.support.codec.learned import learned

ROWS = 2_000
_AT = np.arange(ROWS)
WORDS = np.array([f"word {n}" for n in range(ROWS)])


def kind_of(column: Any, kind: pa.DataType | None = None) -> Category | str:
    """The category of a column, or `number` or `kept`."""
    values = list(column) if kind and pa.types.is_dictionary(kind) else column
    found = learned(pa.table({"x": pa.array(values, kind), "z": np.sin(_AT[: len(column)])}))
    if "x" not in found.measured.schema.features:
        return "kept"
    return found.categories.get(found.measured.schema.features.index("x"), "number")


@pytest.mark.parametrize(
    ("column", "n_values"),
    [
        (WORDS[_AT % 3], 3),
        (WORDS[_AT % 200], 200),
        (_AT % 2 == 0, 2),
        (np.full(ROWS, True), 1),
        (_AT % 8, 8),
        (WORDS[np.where(_AT < 1_920, _AT % 7, _AT)], 7),
    ],
)
def test_categories(column: np.ndarray, n_values: int) -> None:
    """Strings of frequent values, booleans and integers of few values are categories."""
    found = kind_of(column)
    assert isinstance(found, Category)
    assert len(found.values) == n_values
    assert sum(found.shares) <= 1 + 1e-9


@pytest.mark.parametrize(
    ("column", "kind", "expected"),
    [
        (WORDS, None, "kept"),
        (WORDS[_AT % 1_000], None, "kept"),
        (WORDS[np.where(_AT < 1_800, _AT % 7, _AT)], None, "kept"),
        ([None] * ROWS, pa.string(), "kept"),
        (_AT % 9, None, "number"),
        (np.full(ROWS, 7), None, "number"),
        (_AT[::-1] + 5, None, "kept"),
        (_AT * 2, None, "number"),
        (_AT, pa.timestamp("us"), "number"),
        (WORDS[_AT % 65], pa.dictionary(pa.int8(), pa.string()), "kept"),
        (WORDS[_AT % 3], pa.dictionary(pa.int8(), pa.string(), ordered=True), "kept"),
        (WORDS[_AT % 3], pa.binary(), "kept"),
    ],
)
def test_others(column: Any, kind: pa.DataType | None, expected: str) -> None:
    """Identifiers, rare values and types of another sort are kept; other numbers are numbers."""
    assert kind_of(column, kind) == expected


def test_nulls_are_a_value_of_their_own() -> None:
    """Shares are of all rows, null last; most frequent values come first."""
    found = kind_of([None, "a", "b", "b"] * 500)
    assert found == Category(("b", "a"), (0.5, 0.25, 0.25))


def test_rare_values_have_no_place() -> None:
    """Values of fewer rows than a network learns from are pooled as unknown."""
    found = kind_of(np.where(_AT < 3, WORDS, np.where(_AT % 2 == 0, "a", "b")))
    assert isinstance(found, Category)
    assert found.values == ("b", "a")


def test_small_tables() -> None:
    """In a small table each value has a place, but a value of every row's own has none."""
    assert kind_of(["a", "b", "a"]) == Category(("a", "b"), (2 / 3, 1 / 3))
    assert kind_of(["a", "b", "c"]) == "kept"
    assert kind_of(["a"]) == Category(("a",), (1.0,))
    assert kind_of([1]) == "number"


@pytest.mark.parametrize(
    ("column", "kind", "words"),
    [
        (WORDS, None, "a value of its own"),
        (WORDS[_AT % 1_000], None, "1,000 values, of which the frequent ones cover too few rows"),
        ([None] * ROWS, pa.string(), "every row is null"),
        (_AT, None, "a number of its own"),
        (WORDS[_AT % 65], pa.dictionary(pa.int8(), pa.string()), "65 values, close to the most"),
    ],
)
def test_reasons(
    column: Any, kind: pa.DataType | None, words: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The log has one line for each column that is kept after all, with the reason."""
    with caplog.at_level("INFO"):
        assert kind_of(column, kind) == "kept"
    (line,) = [one for one in caplog.messages if "is kept" in one]
    assert line.startswith("column x is kept: ")
    assert words in line


def test_a_hundred_thousand_values(caplog: pytest.LogCaptureFixture) -> None:
    """Strings of 100,000 values are kept, with one line in the log."""
    texts = [f"text {n}" for n in range(100_000)] * 2
    with caplog.at_level("INFO"):
        found = learned(pa.table({"x": texts, "z": np.sin(np.arange(len(texts)))}))
    assert found.measured.schema.features == ("z",)
    assert [one for one in caplog.messages if "column x" in one] == [
        "column x is kept: too many values for categories, or text that is too long or not UTF-8"
    ]
