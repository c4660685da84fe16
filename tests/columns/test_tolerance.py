"""Tolerances: rules and statistics to absolute numbers."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ae_pipeline.coding import DecimalGrid, LinearGrid, Promise, Quantizer, dequantize, quantize
from ae_pipeline.columns import ColumnStatistics, TableSchema, measure, resolve_tolerances
from ae_pipeline.config.tolerance import ToleranceConfig, ToleranceRule
from ae_pipeline.errors import ConfigError
from tests.support.checks import assert_one_line, assert_pickles

#: No decimals, and more than a handful of them.
WAVE = np.sin(np.arange(1000.0)).tolist()


def quantizers(
    columns: dict[str, list[float]],
    *rules: ToleranceRule,
    kind: pa.DataType | None = None,
    **settings: float | str,
) -> tuple[Quantizer, ...]:
    """Of columns given by their values; NaN is missing."""
    kind = kind or pa.float64()
    schema = TableSchema(pa.schema([(name, kind) for name in columns]), tuple(columns))
    values = np.array(list(columns.values()), np.float64).reshape(len(columns), -1)
    statistics = measure(values, np.random.default_rng(0))
    config = ToleranceConfig(rules=rules, **settings)
    return resolve_tolerances(config, schema, statistics)


def resolve(
    columns: dict[str, list[float]],
    *rules: ToleranceRule,
    kind: pa.DataType | None = None,
    **settings: float | str,
) -> list[float]:
    """Promised absolute errors."""
    found = quantizers(columns, *rules, kind=kind, **settings)
    assert all(one.promise == Promise(one.promise.absolute) for one in found)
    return [one.promise.absolute for one in found]


def quantizer_of(
    values: np.ndarray, chosen: ToleranceRule, kind: pa.DataType | None = None
) -> Quantizer:
    """Of one column."""
    (found,) = quantizers({"a": values.tolist()}, chosen, kind=kind)
    return found


def rule(match: str, kind: str, value: float = 0.0) -> ToleranceRule:
    """A rule, shortly."""
    return ToleranceRule(match=match, kind=kind, value=value)


def decoded(values: np.ndarray, quantizer: Quantizer) -> np.ndarray:
    """What comes back of a column, exact values apart."""
    cells = quantize(quantizer.grid.to_units(values.astype(np.float64)), None)
    return dequantize(quantizer.grid, cells, None, values.dtype)


def test_default_is_relative_to_the_spread() -> None:
    """Without rules a tolerance is 1 % of how far ordinary values reach."""
    tame = np.linspace(-3.0, 5.0, 999) ** 3
    wild = np.where(np.arange(999) == 7, 429_000.0, tame)
    assert resolve({"a": tame.tolist()}) == pytest.approx([0.01 * np.ptp(tame)])
    assert resolve({"a": wild.tolist()}) == pytest.approx([0.01 * np.ptp(tame)], rel=0.02)


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("range", 0.25, 0.5),
        ("std", 0.25, 0.25 / np.sqrt(2)),
        ("spread", 0.25, 0.5),
        ("absolute", 0.25, 0.25),
        ("exact", 0.0, 0.0),
    ],
)
def test_kinds(kind: str, value: float, expected: float) -> None:
    """Each kind has its unit: range, standard deviation, spread, one, nothing."""
    assert resolve({"a": WAVE}, rule("a", kind, value)) == pytest.approx([expected], rel=1e-3)


@pytest.mark.parametrize("kind", ["range", "std", "absolute", "spread", "relative", "rmse"])
def test_zero_is_exact(kind: str) -> None:
    """A value of 0 means bit for bit, whatever the kind."""
    assert resolve({"a": WAVE}, rule("a", kind, 0.0)) == [0.0]
    assert resolve({"a": WAVE}, relative=0.0) == [0.0]


@pytest.mark.parametrize(("kind", "target"), [("rmse", 0.003), ("psnr", 0.02)])
def test_errors_on_average(kind: str, target: float) -> None:
    """A root mean square error, or what a ratio to the range makes of it, is met and not wasted."""
    value = target if kind == "rmse" else 20 * np.log10(2.0 / target)
    values = np.array(WAVE)
    quantizer = quantizer_of(values, rule("a", kind, value))
    assert quantizer.is_whole
    errors = values - decoded(values, quantizer)
    assert 0.9 * target < np.sqrt(np.mean(errors**2)) <= target


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (1e6 + 0.01 * np.random.default_rng(0).normal(size=3000).cumsum(), pa.float32()),
        (1e-300 * np.random.default_rng(0).normal(size=3000).cumsum(), pa.float64()),
    ],
    ids=["coarse type", "tiny"],
)
def test_errors_on_average_of_odd_values(values: np.ndarray, kind: pa.DataType) -> None:
    """The rounding of a column's type counts, and squares that float64 cannot hold do not hide."""
    values = values.astype(kind.to_pandas_dtype())
    target = float(values.max() - values.min()) * 10**-1.5
    found = decoded(values, quantizer_of(values, rule("a", "psnr", 30.0), kind))
    errors = (values.astype(np.float64) - found) / target
    assert np.sqrt(np.mean(errors**2)) <= 1.0


@pytest.mark.parametrize("kind", [pa.float32(), pa.float64()], ids=str)
@pytest.mark.parametrize("relative", [0.1, 0.01, 1e-4])
def test_relative_to_each_value(kind: pa.DataType, relative: float) -> None:
    """Zero stays zero, and sign and magnitude of everything else are kept, however small."""
    magnitudes = 10.0 ** np.linspace(-9, 9, 2000)
    values = np.concatenate([[0.0], magnitudes, -magnitudes]).astype(kind.to_pandas_dtype())
    quantizer = quantizer_of(values, rule("a", "relative", relative), kind)
    assert quantizer.promise == Promise(relative=relative)
    found = decoded(values, quantizer)
    assert found[0] == 0
    errors = np.abs(values.astype(np.longdouble) - found)
    assert (errors <= relative * np.abs(values.astype(np.longdouble))).all()
    assert (np.sign(found) == np.sign(values)).all()
    n_cells = len(np.unique(found))
    assert n_cells < 2.5 * (np.log2(1e18) * 0.75 / relative)


@pytest.mark.parametrize("digits", [1, 3, 6])
def test_significant_digits(digits: int) -> None:
    """Values come back rounded to so many digits, as decimals of just these digits."""
    values = np.concatenate([10.0 ** np.linspace(-8, 12, 5000), [0.0, -123.456]])
    found = decoded(values, quantizer_of(values, rule("a", "digits", digits)))
    expected = [float(f"{value:.{digits - 1}e}") for value in values.tolist()]
    assert found.tolist() == expected


@pytest.mark.parametrize("places", [-2, 0, 2, 5])
def test_decimals(places: int) -> None:
    """Values come back rounded to so many places, as the floats nearest to these decimals."""
    values = np.random.default_rng(3).normal(50, 2000, 5000)
    quantizer = quantizer_of(values, rule("a", "decimals", places))
    assert decoded(values, quantizer).tolist() == [
        round(value, places) for value in values.tolist()
    ]
    assert quantizer.promise.absolute == pytest.approx(0.5 * 10.0**-places, rel=1e-6)


def test_cents_are_exact_where_cells_are_finer() -> None:
    """Decimals of so many places are whole numbers where the tolerance is below half a unit."""
    values = np.round(np.random.default_rng(0).lognormal(2.5, 1, 5000), 2)
    for fine in (rule("a", "exact"), rule("a", "absolute", 0.0049), rule("a", "spread", 1e-6)):
        quantizer = quantizer_of(values, fine)
        assert quantizer.promise.is_exact
        assert isinstance(quantizer.grid, DecimalGrid)
        assert quantizer.grid.places == 2
        assert decoded(values, quantizer).tolist() == values.tolist()
    assert isinstance(quantizer_of(values, rule("a", "absolute", 0.006)).grid, LinearGrid)


def test_sentinels_are_fill_values() -> None:
    """What stands far from all else and is repeated comes back as it was, and measures nothing."""
    values = np.random.default_rng(1).normal(15.0, 3.0, 5000)
    values[::5] = -999.0
    for kind in ("spread", "std", "absolute", "relative"):
        assert quantizer_of(values, rule("a", kind, 0.01)).fill_values == (-999.0,)
    spread = quantizer_of(values, rule("a", "spread", 0.01)).promise.absolute
    assert spread == pytest.approx(0.01 * np.ptp(values[values > 0]))


def test_the_usual_value_comes_back_as_it_is() -> None:
    """A grid goes through the value that many rows share, whatever the tolerance."""
    values = np.random.default_rng(1).normal(15.0, 3.0, 5000)
    values[::3] = 1 / 3
    quantizer = quantizer_of(values, rule("a", "spread", 0.01))
    assert (decoded(values, quantizer)[::3] == 1 / 3).all()
    assert quantizer.is_whole


@pytest.mark.parametrize("kind", ["spread", "range", "std", "rmse", "psnr", "relative"])
def test_noise_of_rounding_is_no_spread(kind: str) -> None:
    """A constant column comes back bit for bit, although its deviation is not quite 0."""
    assert resolve({"a": [0.1] * 10_000}, rule("a", kind, 0.9)) == [0.0]


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("spread", 2.0),
        ("range", 1.01),
        ("relative", 2.0),
        ("std", -0.1),
        ("absolute", -1.0),
        ("digits", 0.0),
        ("digits", 2.5),
        ("digits", 16.0),
        ("decimals", 0.5),
        ("psnr", 0.0),
    ],
)
def test_values_that_mean_nothing(kind: str, value: float) -> None:
    """A share above 1, half a digit, or less than nothing is refused with what may be."""
    with pytest.raises(ValueError, match=f"got {value:g}"):
        rule("a", kind, value)


def test_finer_than_floats_is_exact() -> None:
    """A relative tolerance below what float64 resolves is bit for bit."""
    assert resolve({"a": WAVE}, rule("a", "relative", 1e-16)) == [0.0]


def test_two_hundred_per_cent() -> None:
    """So is the tolerance of all columns."""
    with pytest.raises(ValueError, match="200 %"):
        ToleranceConfig(relative=2.0)


def test_the_last_match_counts() -> None:
    """Later rules override earlier ones, names and globs alike."""
    columns = {"temp_in": WAVE, "temp_out": WAVE, "flow": WAVE}
    general, special = rule("temp_*", "absolute", 3.0), rule("temp_in", "absolute", 7.0)
    assert resolve(columns, general, special) == pytest.approx([7.0, 3.0, 0.02], rel=1e-4)
    assert resolve(columns, special, general) == pytest.approx([3.0, 3.0, 0.02], rel=1e-4)
    assert resolve(columns, special, rule("*", "exact")) == [0.0, 0.0, 0.0]


def test_names_that_look_like_globs() -> None:
    """A rule matches a column of just its name, brackets and all, and respects case."""
    columns = {"x[1]": WAVE, "X1": WAVE, "x1": WAVE}
    found = resolve(columns, rule("x[1]", "absolute", 2.0))
    assert found == pytest.approx([2.0, 0.02, 2.0], rel=1e-4)


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
    ],
)
def test_overflow_is_exact(values: list[float], chosen: ToleranceRule) -> None:
    """Ranges and cells wider than float64 hold are no numbers to promise: exact."""
    assert resolve({"a": values}, chosen) == [0.0]


@pytest.mark.parametrize("kind", [pa.float16(), pa.float32(), pa.float64()], ids=str)
def test_tiny_tolerances_stay(kind: pa.DataType) -> None:
    """Any tolerance of a float that is a number is kept as it is."""
    for value in (5e-324, 1e-300, 1e-12, 1e12, 8e307):
        assert resolve({"a": [1 / 3, 1.1]}, rule("a", "absolute", value), kind=kind) == [value]


@given(
    st.lists(st.floats(), min_size=1, max_size=9),
    st.sampled_from(["range", "std", "absolute", "spread", "rmse"]),
    st.floats(0, 1),
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
    assert [one.promise for one in found] == [Promise()]


def test_exact_takes_no_value() -> None:
    """`exact` with a value contradicts itself."""
    with pytest.raises(ValueError, match="exact takes no value"):
        rule("a", "exact", 1.0)


@pytest.mark.parametrize("kind", [pa.float32(), pa.float64()], ids=str)
def test_decimals_between_cells_keep_their_promise(kind: pa.DataType) -> None:
    """Cells are a hair narrower where decimals lie in the middle between them; none breaks."""
    dtype = np.dtype(kind.to_pandas_dtype())
    values = np.round(np.arange(0.0, 100.0, 0.1), 1).astype(dtype)
    bounds = {}
    for asked in (0.1, 0.05):  # in the middle between cells, in the middle of them
        quantizer = quantizer_of(values, rule("a", "absolute", asked), kind)
        bounds[asked] = quantizer.promise.absolute
        assert not quantizer.is_broken(values, decoded(values, quantizer)).any()
    assert 0.0999 < bounds[0.1] < 0.1
    assert bounds[0.05] == 0.05


def of_vectors(rows: np.ndarray, *rules: ToleranceRule) -> Quantizer:
    """Of a column of vectors."""
    kind = pa.list_(pa.float32(), rows.shape[1])
    schema = TableSchema(pa.schema([("v", kind)]), ("v",))
    statistics = measure(np.ascontiguousarray(rows.T), np.random.default_rng(0))
    (found,) = resolve_tolerances(ToleranceConfig(rules=rules), schema, statistics)
    return found


def test_vectors_have_one_tolerance_of_all_their_numbers() -> None:
    """The spread of vectors is that of their numbers together, whatever each lane does."""
    rows = np.random.default_rng(0).normal(size=(4000, 8)) * np.linspace(0.5, 2, 8)
    alone = quantizer_of(rows.astype(np.float32).reshape(-1), rule("a", "spread", 0.01))
    found = of_vectors(rows, rule("v", "spread", 0.01))
    assert found.promise.absolute == pytest.approx(alone.promise.absolute, rel=0.02)
    assert of_vectors(rows, rule("v", "absolute", 0.25)).promise.absolute == pytest.approx(0.25)


def test_a_cosine_is_for_vectors_alone() -> None:
    """A rule that asks for the cosine of numbers is refused, and names them."""
    assert of_vectors(np.random.default_rng(0).normal(size=(99, 8)), rule("v", "cosine", 0.99))
    with pytest.raises(ConfigError, match="hold no vectors") as caught:
        quantizers({"a": WAVE, "b": WAVE}, rule("*", "cosine", 0.99), rule("b", "exact"))
    assert caught.value.got == "a"


@pytest.mark.parametrize("value", [0.0, -0.5, 1.5])
def test_a_cosine_is_above_0_and_at_most_1(value: float) -> None:
    """No vector has a larger one, and a smaller one promises nothing."""
    with pytest.raises(ValueError, match="cosine must be above 0"):
        rule("v", "cosine", value)
