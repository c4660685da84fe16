"""Tolerances: rules and statistics to absolute numbers."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ae_pipeline.config import ToleranceConfig, ToleranceRule
from ae_pipeline.errors import ConfigError
from ae_pipeline.quantization import Grid, breaks_promise, dequantize, quantize
from ae_pipeline.schema import TableSchema
from ae_pipeline.statistics import ColumnStatistics, measure
from ae_pipeline.tolerance import resolve_tolerances
from tests.checks import assert_one_line, assert_pickles


def resolve(
    columns: dict[str, list[float]],
    *rules: ToleranceRule,
    relative: float = 0.01,
    kind: pa.DataType | None = None,
) -> list[float]:
    """Tolerances of columns given by their values; NaN is missing."""
    kind = kind or pa.float64()
    schema = TableSchema(pa.schema([(name, kind) for name in columns]), tuple(columns))
    values = np.array(list(columns.values()), np.float64).reshape(len(columns), -1)
    statistics = measure(values, np.random.default_rng(0))
    config = ToleranceConfig(relative=relative, rules=rules)
    return resolve_tolerances(config, schema, statistics).tolist()


def rule(match: str, kind: str, value: float = 0.0) -> ToleranceRule:
    """A rule, shortly."""
    return ToleranceRule(match=match, kind=kind, value=value)


def test_default_is_relative_to_the_range() -> None:
    """Without rules a tolerance is the given part of maximum - minimum."""
    assert resolve({"a": [-3.0, 5.0, np.nan], "b": [0.0, 1.0, 0.5]}, relative=0.25) == [2.0, 0.25]


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [("range", 0.5, 4.0), ("std", 0.5, 2.0), ("absolute", 0.5, 0.5), ("exact", 0.0, 0.0)],
)
def test_kinds(kind: str, value: float, expected: float) -> None:
    """Each kind has its unit: range, standard deviation, one, nothing."""
    assert resolve({"a": [-4.0, 4.0]}, rule("a", kind, value)) == [expected]


@pytest.mark.parametrize("kind", ["range", "std", "absolute"])
def test_zero_is_exact(kind: str) -> None:
    """A value of 0 means bit for bit, whatever the kind."""
    assert resolve({"a": [0.0, 9.0]}, rule("a", kind, 0.0)) == [0.0]
    assert resolve({"a": [0.0, 9.0]}, relative=0.0) == [0.0]


def test_the_last_match_counts() -> None:
    """Later rules override earlier ones, names and globs alike."""
    columns = {"temp_in": [0.0, 1.0], "temp_out": [0.0, 1.0], "flow": [0.0, 1.0]}
    general, special = rule("temp_*", "absolute", 3.0), rule("temp_in", "absolute", 7.0)
    assert resolve(columns, general, special) == [7.0, 3.0, 0.01]
    assert resolve(columns, special, general) == [3.0, 3.0, 0.01]
    assert resolve(columns, special, rule("*", "exact")) == [0.0, 0.0, 0.0]


def test_names_that_look_like_globs() -> None:
    """A rule matches a column of just its name, brackets and all, and respects case."""
    columns = {"x[1]": [0.0, 1.0], "X1": [0.0, 1.0], "x1": [0.0, 1.0]}
    assert resolve(columns, rule("x[1]", "absolute", 2.0)) == [2.0, 0.01, 2.0]


def test_rule_without_column_is_refused() -> None:
    """A rule that matches nothing is a mistake, and the message names it and the columns."""
    with pytest.raises(ConfigError) as caught:
        resolve({"a": [0.0, 1.0], "b": [0.0, 1.0]}, rule("temp_*", "exact"))
    assert_one_line(caught.value, "tolerance.rules", "temp_*", "a, b")
    assert_pickles(caught.value)


@pytest.mark.parametrize(
    ("value", "expected"), [(0.999, 0.0), (1.0, 1.5), (1.5, 1.5), (2.9, 2.5), (1e12, 1e12 + 0.5)]
)
@pytest.mark.parametrize("kind", [pa.int8(), pa.int64(), pa.uint64()], ids=str)
def test_integers_round_to_cells_of_whole_numbers(
    kind: pa.DataType, value: float, expected: float
) -> None:
    """Less than 1 is exact; more is the whole number below and a half, which allows no more."""
    assert resolve({"a": [0.0, 9.0]}, rule("a", "absolute", value), kind=kind) == [expected]


@pytest.mark.parametrize("values", [[0.1, 0.1], [0.1, np.nan], [np.nan, np.nan], []])
def test_columns_without_range_are_exact(values: list[float]) -> None:
    """Constant columns and those without values have no range to be relative to."""
    assert resolve({"a": values}) == [0.0]
    assert resolve({"a": values}, rule("a", "std", 0.1)) == [0.0]
    assert resolve({"a": values}, rule("a", "absolute", 0.1)) == [0.1]


@pytest.mark.parametrize(
    ("values", "chosen"),
    [
        ([-1.7e308, 1.7e308], rule("a", "range", 0.01)),
        ([0.0, 1.0], rule("a", "absolute", 1e308)),
        ([0.0, 1e308], rule("a", "range", 1e10)),
    ],
)
def test_overflow_is_exact(values: list[float], chosen: ToleranceRule) -> None:
    """Ranges and cells wider than float64 hold are no numbers to promise: exact."""
    assert resolve({"a": values}, chosen) == [0.0]


@pytest.mark.parametrize("kind", [pa.float16(), pa.float32(), pa.float64()], ids=str)
def test_tiny_tolerances_stay(kind: pa.DataType) -> None:
    """Any tolerance of a float that is a number is kept as it is."""
    for value in (5e-324, 1e-300, 1e-12, 1e12, 8e307):
        assert resolve({"a": [0.0, 1.0]}, rule("a", "absolute", value), kind=kind) == [value]


@given(
    st.lists(st.floats(), min_size=1, max_size=9),
    st.sampled_from(["range", "std", "absolute"]),
    st.floats(0, 1e300),
)
def test_always_a_number(values: list[float], kind: str, value: float) -> None:
    """Whatever the data, a tolerance is finite, not negative, and twice of it is finite too."""
    finite = [np.nan if np.isinf(v) else v for v in values]
    (tolerance,) = resolve({"a": finite}, rule("a", kind, value))
    assert tolerance >= 0
    assert np.isfinite(2 * tolerance)


def test_no_columns_seen() -> None:
    """Statistics of no rows make every relative tolerance exact."""
    schema = TableSchema(pa.schema([("a", pa.float32())]), ("a",))
    found = resolve_tolerances(ToleranceConfig(), schema, ColumnStatistics.empty(1))
    assert found.tolist() == [0.0]


def test_exact_takes_no_value() -> None:
    """`exact` with a value contradicts itself."""
    with pytest.raises(ValueError, match="exact takes no value"):
        rule("a", "exact", 1.0)


@pytest.mark.parametrize("kind", [pa.float32(), pa.float64()], ids=str)
def test_decimals_between_cells_keep_their_promise(kind: pa.DataType) -> None:
    """Cells are a hair narrower where decimals lie in the middle between them; none breaks."""
    dtype = np.dtype(kind.to_pandas_dtype())
    values = np.round(np.arange(0.0, 100.0, 0.1), 1).astype(dtype)
    grids = {}
    for asked in (0.1, 0.05):  # in the middle between cells, in the middle of them
        (tolerance,) = resolve({"a": values.tolist()}, rule("a", "absolute", asked), kind=kind)
        grid = grids[asked] = Grid(0.0, tolerance)
        cells = quantize(grid.to_units(values.astype(np.float64)), None)
        decoded = dequantize(grid, cells, None, dtype)
        assert not breaks_promise(values, decoded, tolerance).any()
    assert 0.0999 < grids[0.1].tolerance < 0.1
    assert grids[0.05].tolerance == 0.05
