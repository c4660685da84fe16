"""One column ↔ streams: the promise, for every type and all that columns hold."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ae_pipeline.codec.archive.column import ColumnCodec, Predictions
from ae_pipeline.coding import (
    BlockStreams,
    ColumnStreams,
    DecimalGrid,
    Method,
    Promise,
    Quantizer,
    pack_integers,
    pack_numbers,
)
from tests.support.data.tables import FLOATS, INTEGERS
from tests.support.strategies.arrays import bit_arrays, numeric_arrays
from tests.support.values import assert_keeps_promise

TOLERANCES = [0.0, 1e-300, 1e-12, 1e-3, 0.5, 1.0, 20.0, 1e12, 8e307]


def encode(
    codec: ColumnCodec, column: pa.Array, prediction: np.ndarray | None = None
) -> tuple[ColumnStreams, ColumnStreams | None]:
    """Return (direct coding, residuals if there is a prediction and a grid)."""
    present = codec.present(column)
    direct = codec.direct(present).streams
    if prediction is None or not codec.has_cells:
        return direct, None
    return direct, codec.network_residuals(present, prediction[present.is_valid]).streams


def decode(
    codec: ColumnCodec, streams: ColumnStreams, n_rows: int, prediction: np.ndarray | None = None
) -> pa.Array:
    """The column alone."""
    return codec.decode(streams, n_rows, Predictions(prediction)).array


def round_trip(
    column: pa.Array, tolerance: float, offset: float = 0.0, prediction: np.ndarray | None = None
) -> tuple[ColumnStreams, pa.Array]:
    """(streams, decoded), the promise checked with and without the prediction."""
    codec = ColumnCodec(column.type, Quantizer.linear(offset, tolerance))
    chosen, predicted = encode(codec, column, prediction)
    direct = decode(codec, chosen, len(column))
    assert_keeps_promise(column, direct, tolerance)
    if predicted is not None:
        assert_keeps_promise(column, decode(codec, predicted, len(column), prediction), tolerance)
    return chosen, direct


@given(numeric_arrays(), st.sampled_from(TOLERANCES), st.floats(-1e6, 1e6))
def test_promise(column: pa.Array, tolerance: float, offset: float) -> None:
    """Nulls and non-finite values are exact, all else within the tolerance, at any offset."""
    round_trip(column, tolerance, offset)


@pytest.mark.parametrize("kind", FLOATS + INTEGERS, ids=str)
def test_promise_for_any_bits(kind: pa.DataType) -> None:
    """Every bit pattern of a type keeps its promise: NaN payloads, -0.0, subnormals, extremes."""

    @given(bit_arrays(kind), st.sampled_from(TOLERANCES), st.data())
    def check(column: pa.Array, tolerance: float, data: st.DataObject) -> None:
        value = st.floats() | st.floats(-100, 100)
        rows = st.lists(value, min_size=len(column), max_size=len(column))
        prediction = data.draw(st.none() | rows.map(lambda values: np.array(values, np.float64)))
        round_trip(column, tolerance, 0.25, prediction)

    check()


@given(numeric_arrays(), st.floats(1e-6, 2.0))
def test_relative_tolerance(column: pa.Array, relative: float) -> None:
    """A tolerance made from the column's own range is kept."""
    values = column.drop_null().to_numpy(zero_copy_only=False).astype(np.float64)
    finite = values[np.isfinite(values)]
    with np.errstate(over="ignore"):
        tolerance = relative * float(np.ptp(finite)) if len(finite) else 0.0
    if np.isfinite(2 * tolerance):
        round_trip(column, tolerance, float(finite.min(initial=0.0)))


@pytest.mark.parametrize("tolerance", TOLERANCES)
@pytest.mark.parametrize("kind", FLOATS, ids=str)
def test_special_columns(kind: pa.DataType, tolerance: float) -> None:
    """Constant, all null, all NaN, all infinite, one row and no rows keep the promise."""
    for values in (
        *([2.5] * 50, [None] * 50, [np.nan] * 50, [-np.inf] * 50),
        *([7.0], [None], [np.nan], [-0.0], []),
        [None, 1.0, np.nan, -0.0, np.inf] * 10,
    ):
        nulls = np.array([value is None for value in values], bool)
        numbers = np.array([0.0 if value is None else value for value in values])
        column = pa.array(numbers.astype(kind.to_pandas_dtype()), kind, mask=nulls)
        round_trip(column, tolerance)
    round_trip(pa.nulls(5, kind), tolerance)


def test_constant_costs_a_few_bytes() -> None:
    """A constant takes 2 bytes where the grid begins, 9 exactly, however many rows it has."""
    column = pa.array(np.full(131_072, 0.1))
    at_offset, _ = encode(ColumnCodec(column.type, Quantizer.linear(0.1, 1e-3)), column)
    exact, _ = encode(ColumnCodec(column.type, Quantizer.linear(0.0, 0.0)), column)
    far, _ = encode(ColumnCodec(column.type, Quantizer.linear(-1e6, 1e-3)), column)
    assert (at_offset.n_bytes, exact.n_bytes, far.n_bytes) == (2, 9, 5)
    assert len(BlockStreams(131_072, (), (at_offset,)).to_bytes()) == 12


@pytest.mark.parametrize("value", [None, np.nan, np.inf])
def test_nothing_finite_costs_a_few_bytes(value: float | None) -> None:
    """A column without a single number takes some thirty bytes at most."""
    column = pa.array([value] * 100_000, pa.float64(), from_pandas=False)
    chosen, _ = encode(ColumnCodec(column.type, Quantizer.linear(0.0, 0.1)), column)
    assert chosen.n_bytes <= 32


def test_only_outliers_are_stored_exactly(generator: np.random.Generator) -> None:
    """Three wild values among many cost some bytes each, and the grid stays in use."""
    values = generator.normal(size=10_000)
    tame, _ = round_trip(pa.array(values), 0.01)
    values[[0, 17, 9_999]] = [1e30, -1e308, np.inf]
    wild, decoded = round_trip(pa.array(values), 0.01)
    assert wild.method is Method.DIRECT
    assert wild.n_bytes < tame.n_bytes + 100
    np.testing.assert_array_equal(np.array(decoded)[[0, 17, 9_999]], values[[0, 17, 9_999]])


def test_lossless_where_the_grid_does_not_help(generator: np.random.Generator) -> None:
    """A column of values that the grid cannot hold is stored as it is, not twice."""
    values = generator.normal(size=10_000) * 1e200
    chosen, _ = round_trip(pa.array(values), 1e-3)
    assert chosen.method is Method.LOSSLESS
    assert chosen.n_bytes <= len(pack_numbers(values))


def test_good_predictions_leave_nothing(generator: np.random.Generator) -> None:
    """A column that is predicted within half a unit takes two bytes, nulls and all beside."""
    values = generator.normal(size=10_000)
    quantizer = Quantizer.linear(1.0, 0.01)
    prediction = quantizer.grid.to_units(values) + generator.uniform(-0.49, 0.49, 10_000)
    direct, corrected = encode(ColumnCodec(pa.float64(), quantizer), pa.array(values), prediction)
    assert corrected is not None
    assert (corrected.method, len(corrected.main)) == (Method.NETWORK_RESIDUALS, 2)
    assert direct.method is Method.DIRECT
    with_nulls = pa.array(values, mask=generator.random(10_000) < 0.3)
    round_trip(with_nulls, 0.01, 1.0, prediction)


def test_buffers_of_other_writers() -> None:
    """Buffers that end within a value, or begin before the first, are read like any others."""
    content = np.arange(6, dtype=np.int32).tobytes() + b"\xff\xff\xff"
    column = pa.Array.from_buffers(pa.int32(), 5, [None, pa.py_buffer(content)], offset=1)
    _, decoded = round_trip(column, 0.0)
    assert decoded.to_pylist() == [1, 2, 3, 4, 5]
    empty = pa.Array.from_buffers(pa.int32(), 0, [None, None])
    assert round_trip(empty, 1.0)[1].to_pylist() == []


def stored_exactly(*steps: int, count: int | None = None) -> ColumnStreams:
    """Five zeros of which some, by the steps between them, are said to be stored exactly."""
    positions = (len(steps) if count is None else count).to_bytes(4, "little")
    return ColumnStreams(
        Method.DIRECT,
        pack_integers(np.zeros(5, np.int64)),
        positions=positions + pack_integers(np.array(steps, np.int64)),
        exact=pack_numbers(np.arange(10.0, 10.0 + len(steps))),
    )


def test_exact_values_return_to_their_rows() -> None:
    """Positions are steps from one to the next, the first from before row 0."""
    codec = ColumnCodec(pa.float64(), Quantizer.linear(0.0, 0.5))
    assert decode(codec, stored_exactly(1, 2, 2), 5).to_pylist() == [10, 0, 11, 0, 12]


HIGH = 2**63 - 1


@pytest.mark.parametrize(
    "streams",
    [
        stored_exactly(6),
        stored_exactly(0),
        stored_exactly(-1),
        stored_exactly(3, 3),
        stored_exactly(1, HIGH),
        stored_exactly(HIGH, HIGH, 3),
        stored_exactly(-HIGH, HIGH, 1),
        stored_exactly(1, 1, 1, 1, 1, 1),
        stored_exactly(1, count=2**32 - 1),
        stored_exactly(1, 1, count=300),
        ColumnStreams(Method.DIRECT, b""),
        ColumnStreams(Method.LOSSLESS, b"\x01\0"),
        ColumnStreams(Method.NETWORK_RESIDUALS, b"\0\0"),
        ColumnStreams(Method.LINEAR_RESIDUALS, b"\0\0"),
        ColumnStreams(Method.DIRECT, b"\0\0", validity=b"no validity"),
        ColumnStreams(Method.DIRECT, b"\0\0", positions=b"\1\0\0\0", exact=b""),
    ],
)
def test_malformed_streams(streams: ColumnStreams) -> None:
    """Positions outside of the block, missing streams and what is no validity are refused."""
    codec = ColumnCodec(pa.float64(), Quantizer.linear(0.0, 0.5))
    with pytest.raises(ValueError, match=r"\w"):
        decode(codec, streams, 5)


def test_fill_values_and_rare_outliers_are_exact(generator: np.random.Generator) -> None:
    """Both come back bit for bit, off the grid as they are, whatever the tolerance."""
    values = generator.normal(15.0, 3.0, 4000)
    values[::9], values[7], values[8] = -999.1, 429_000.7, 1e300
    quantizer = replace(Quantizer.linear(0.0, 0.5), fill_values=(-999.1,), ordinary=(-100.0, 100.0))
    column = pa.array(values)
    direct, _ = encode(ColumnCodec(column.type, quantizer), column)
    found = decode(ColumnCodec(column.type, quantizer), direct, len(column)).to_numpy()
    assert (found[::9] == -999.1).all()
    assert found[[7, 8]].tolist() == [429_000.7, 1e300]


def test_outliers_that_have_become_the_rule_are_on_the_grid() -> None:
    """A column that has drifted beyond its former values is within its tolerance, and small."""
    values = np.linspace(100.0, 900.0, 4000)
    quantizer = replace(Quantizer.linear(0.0, 0.5), ordinary=(0.0, 50.0))
    codec = ColumnCodec(pa.float64(), quantizer)
    direct, _ = encode(codec, pa.array(values))
    assert not direct.positions
    assert np.abs(decode(codec, direct, len(values)).to_numpy() - values).max() <= 0.5


def test_cents_cost_what_their_whole_numbers_cost(generator: np.random.Generator) -> None:
    """Exact money takes the bytes of its cents, not those of its floats."""
    cents = generator.integers(0, 5000, 20_000)
    decimal = ColumnCodec(pa.float64(), Quantizer(DecimalGrid(2, 0.0), Promise()))
    direct, _ = encode(decimal, pa.array(cents / 100))
    assert decode(decimal, direct, len(cents)).to_pylist() == (cents / 100).tolist()
    assert direct.n_bytes <= len(pack_integers(cents)) + 8
