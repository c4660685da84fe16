"""Streams of series: what is packed is unpacked, by us and by a reader that follows the format."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from ae_pipeline.coding import pack_series, unpack_series
from ae_pipeline.coding.series import choice
from tests.support.format_reader.series import read_series

#: Larger than whatever is packed.
ANY_BYTES = 1 << 30
FAR = float(1 << 50)
WAYS = st.sampled_from(range(len(choice._FRACTIONAL)))


def packed(units: np.ndarray, *, is_whole: bool) -> bytes:
    """The stream of some units, which decodes to what its writer says."""
    cells = np.rint(units).astype(np.int64)
    found = pack_series(units, cells, ANY_BYTES, is_whole=is_whole)
    assert found is not None
    content, series = found
    back = unpack_series(content, len(units))
    assert back.fraction == series.fraction
    assert back.integers.tolist() == series.integers.tolist()
    return content


def stored(units: np.ndarray, place: int, *, is_whole: bool) -> bytes:
    """The stream by one of the ways, even one that integers or another way beat."""
    units = np.rint(units) if is_whole else units
    fraction = 0 if is_whole else choice._fraction_of(units)
    way = choice._FRACTIONAL[place] if fraction else choice._PLAIN
    stream, integers = choice._store(units, fraction, way)
    content = stream.to_bytes()
    back = unpack_series(content, len(units))
    assert back.fraction == fraction
    assert back.integers.tolist() == integers.tolist()
    return content


def smooth(n_rows: int, noise: float) -> np.ndarray:
    """A wave of some hundred units, with noise."""
    rows = np.arange(n_rows)
    return 300.0 * np.sin(rows / 90.0) + noise * np.random.default_rng(0).normal(size=n_rows)


@cache
def noisy_stream() -> bytes:
    """The stream of 400 rows."""
    return packed(smooth(400, 0.4), is_whole=False)


@given(st.data(), st.integers(16, 300), st.floats(0.0, FAR), WAYS, st.booleans())
def test_any_units_round_trip(
    data: st.DataObject, n_rows: int, scale: float, way: int, is_whole: bool
) -> None:
    """Whatever units and way, they come back within half a unit, whole ones as they are rounded."""
    elements = st.floats(-1.0, 1.0, width=32)
    units = scale * data.draw(npst.arrays(np.float64, n_rows, elements=elements))
    found = unpack_series(stored(units, way, is_whole=is_whole), n_rows)
    if is_whole:
        assert found.units.tolist() == np.rint(units).tolist()
    rounding = 2.0 * np.spacing(np.abs(units).max() + 1.0)
    assert np.abs(found.units - units).max() <= 0.5 + rounding


@settings(max_examples=40)
@given(st.data(), st.integers(16, 60), st.sampled_from([1.0, 50.0, 1e9]), WAYS, st.booleans())
def test_format_as_documented(
    data: st.DataObject, n_rows: int, scale: float, way: int, is_whole: bool
) -> None:
    """A reader written from the format alone reads the same integers."""
    elements = st.floats(-1.0, 1.0, width=32)
    units = np.cumsum(scale * data.draw(npst.arrays(np.float64, n_rows, elements=elements)))
    content = stored(units, way, is_whole=is_whole)
    found = unpack_series(content, n_rows)
    assert read_series(content, n_rows) == (found.integers.tolist(), found.fraction)


def test_integers_that_are_much_smaller_win() -> None:
    """A step far out is one integer to pcodec and a wave to a curve, so it is no series."""
    units = np.full(46, 17592186044447.0)
    units[0] = 0.0
    assert pack_series(units, units.astype(np.int64), ANY_BYTES, is_whole=False) is None


@pytest.mark.parametrize("n_rows", [16, 17, 31, 32, 33, 127, 128, 129, 1000])
@pytest.mark.parametrize("noise", [0.0, 0.3, 4.0])
def test_every_length(n_rows: int, noise: float) -> None:
    """Series of every length beside a power of two are read as the format says."""
    content = packed(smooth(n_rows, noise), is_whole=False)
    found = unpack_series(content, n_rows)
    assert read_series(content, n_rows) == (found.integers.tolist(), found.fraction)


def test_nothing_is_no_bytes() -> None:
    """No rows are no bytes."""
    assert not len(unpack_series(b"", 0).integers)


@pytest.mark.parametrize("content", [b"", b"\x11\0", b"\0\x0c", b"\0\0" + b"\3" * 9])
def test_damaged_headers(content: bytes) -> None:
    """Fractions, knots and orders that no writer makes are refused."""
    with pytest.raises(ValueError, match=r"series|end"):
        unpack_series(content, 500)


@given(st.binary(max_size=80))
def test_any_bytes(content: bytes) -> None:
    """Bytes that are no series are refused, or are some series."""
    try:
        found = unpack_series(content, 40)
    except ValueError:
        return
    assert len(found.integers) == 40


@settings(max_examples=60)
@given(st.integers(0, 10_000), st.integers(1, 255))
def test_damaged_streams(place: int, flipped: int) -> None:
    """A damaged byte is refused, or gives as many rows as there were."""
    content = bytearray(noisy_stream())
    content[place % len(content)] ^= flipped
    try:
        found = unpack_series(bytes(content), 400)
    except ValueError:
        return
    assert len(found.integers) == 400
