"""A column as a series: the promise for whatever it holds, and when a series is chosen."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ae_pipeline.codec.archive.column import ColumnCodec, Predictions, Present, Stored
from ae_pipeline.codec.archive.rows.series import series_of
from ae_pipeline.coding import (
    ColumnStreams,
    DecimalGrid,
    FloatingGrid,
    Method,
    Promise,
    Quantizer,
)
from tests.support.strategies.arrays import float_arrays, numeric_arrays
from tests.support.values import assert_keeps_promise

ANY_BYTES = 1 << 30
TOLERANCES = [1e-300, 1e-12, 1e-3, 0.5, 20.0, 1e12, 8e307]


def ways_of(codec: ColumnCodec, present: Present) -> list[Stored]:
    """Direct coding, and the series if there is one."""
    direct = codec.direct(present)
    found = series_of(codec, present, direct)
    return [direct] if found is None else [direct, found]


def stored_as_series(codec: ColumnCodec, column: pa.Array) -> tuple[ColumnStreams, pa.Array] | None:
    """The streams of a column as a series and what they decode to, if it is long enough."""
    present = codec.present(column)
    direct = codec.direct(present)
    if direct.streams.method is not Method.DIRECT:
        return None
    found = series_of(codec, present, direct, ANY_BYTES)
    if found is None:
        return None
    decoded = codec.decode(found.streams, len(column), Predictions())
    assert decoded.cells.tolist() == found.cells.tolist()
    return found.streams, decoded.array


def ways(column: pa.Array, quantizer: Quantizer) -> list[Method]:
    """The methods that compete."""
    codec = ColumnCodec(column.type, quantizer)
    present = codec.present(column)
    return [one.streams.method for one in ways_of(codec, present)]


def wave(n_rows: int) -> np.ndarray:
    """A smooth wave between -1 and 1."""
    return np.sin(np.arange(n_rows) / 300.0)


@given(numeric_arrays(120), st.sampled_from(TOLERANCES), st.floats(-1e3, 1e3))
def test_any_column_keeps_its_promise(column: pa.Array, tolerance: float, offset: float) -> None:
    """Nulls, NaN, infinities and the extremes of every type come back as promised."""
    codec = ColumnCodec(column.type, Quantizer.linear(offset, tolerance))
    if (found := stored_as_series(codec, column)) is not None:
        assert_keeps_promise(column, found[1], tolerance)


@given(
    float_arrays(pa.float64(), 40),
    st.sampled_from([pa.float32(), pa.float64()]),
    st.sampled_from(["walk", "steps", "wave", "spikes"]),
    st.sampled_from([1e-4, 0.02, 0.7]),
    st.integers(0, 1000),
)
def test_curves_with_anything_between(
    odd: pa.Array, kind: pa.DataType, shape: str, tolerance: float, seed: int
) -> None:
    """Walks, steps, waves and spikes keep their promise, whatever stands between their rows."""
    random = np.random.default_rng(seed)
    rows = {
        "walk": np.cumsum(random.normal(size=300)),
        "steps": np.repeat(random.normal(size=10), 30),
        "wave": wave(300),
        "spikes": 50.0 * (random.random(300) < 0.03),
    }[shape]
    with np.errstate(over="ignore", under="ignore"):
        both = pa.array(rows.astype(kind.to_pandas_dtype())).to_pylist()
        narrow = odd.to_numpy(zero_copy_only=False).astype(kind.to_pandas_dtype())
    valid = odd.is_valid().to_pylist()
    middle = [one if known else None for one, known in zip(narrow.tolist(), valid, strict=True)]
    column = pa.array([*both[:150], *middle, *both[150:]], kind)
    codec = ColumnCodec(kind, Quantizer.linear(0.0, tolerance))
    if (found := stored_as_series(codec, column)) is not None:
        assert_keeps_promise(column, found[1], tolerance)


@pytest.mark.parametrize("kind", [pa.float32(), pa.float64()], ids=str)
@pytest.mark.parametrize("n_rows", [0, 1, 2, 15])
def test_few_rows_are_no_series(kind: pa.DataType, n_rows: int) -> None:
    """Without rows, and with a few, nothing competes with direct coding."""
    column = pa.array(wave(n_rows).astype(kind.to_pandas_dtype()), kind)
    assert ways(column, Quantizer.linear(0.0, 0.01)) == [Method.DIRECT]


def test_smooth_columns_become_series() -> None:
    """A wave takes less than a third of its cells' bytes; random numbers stay cells."""
    quantizer = Quantizer.linear(0.0, 0.001)
    codec, column = ColumnCodec(pa.float64(), quantizer), pa.array(wave(20_000))
    present = codec.present(column)
    direct, series = ways_of(codec, present)
    assert 3 * series.streams.n_bytes < direct.streams.n_bytes
    noise = pa.array(np.random.default_rng(0).random(20_000))
    assert ways(noise, quantizer) == [Method.DIRECT]


@pytest.mark.parametrize(
    "quantizer",
    [
        Quantizer(DecimalGrid(3, 1.0), Promise(0.0005)),
        Quantizer(FloatingGrid(10, 1000, -6), Promise(digits=4)),
        replace(Quantizer.linear(0.0, 0.0005), is_whole=True),
    ],
    ids=["decimals", "digits", "whole"],
)
def test_grids_stay_whole(quantizer: Quantizer) -> None:
    """Decimals, digits and grids without anything between come back as direct coding has them."""
    codec, column = ColumnCodec(pa.float64(), quantizer), pa.array(3.0 + wave(3000))
    present = codec.present(column)
    direct = codec.direct(present)
    found = series_of(codec, present, direct, ANY_BYTES)
    assert found is not None
    as_cells, as_series = (
        codec.decode(one.streams, len(column), Predictions()).array for one in (direct, found)
    )
    assert as_cells.equals(as_series)
    assert found.cells.tolist() == direct.cells.tolist()


def test_integers_stay_whole() -> None:
    """Integers within a tolerance come back as direct coding has them."""
    codec = ColumnCodec(pa.int32(), Quantizer.linear(0.0, 1.0))
    column = pa.array(np.rint(4000 * wave(3000)).astype(np.int32))
    found, direct = stored_as_series(codec, column), codec.direct(codec.present(column))
    assert found is not None
    assert found[1].equals(codec.decode(direct.streams, len(column), Predictions()).array)


def test_fill_values_do_not_bend_curves() -> None:
    """Rows with a fill value are stored exactly and cost the rest of the column little."""
    column, values = pa.array(wave(20_000)), wave(20_000)
    values[5000:5100] = -999.0
    quantizer = replace(Quantizer.linear(0.0, 0.001), fill_values=(-999.0,), ordinary=(-2.0, 2.0))
    codec = ColumnCodec(pa.float64(), quantizer)
    plain, filled = (stored_as_series(codec, one) for one in (column, pa.array(values)))
    assert plain is not None
    assert filled is not None
    assert (filled[1].to_numpy() == -999.0).sum() == 100
    assert len(filled[0].main) < 2 * len(plain[0].main)
