"""Integers, times and decimals: what their sub-columns mean, and which integers are refused."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest

from ae_pipeline.mapping.fitting import fit_mapping
from ae_pipeline.mapping.subcolumn import Sequence


def test_times_count_the_unit_really_used() -> None:
    """Nanoseconds that are whole hours are counted in hours, and say so in their own ticks."""
    start = dt.datetime(2020, 1, 1, 5, tzinfo=dt.UTC)
    hours = pa.array([start + dt.timedelta(hours=place) for place in range(50)])
    mapping = fit_mapping("x", hours.cast(pa.timestamp("ns", tz="UTC")), 1.0)
    (one,) = mapping.subcolumns
    assert (one.family, one.ticks, one.step) == ("time", 10**9, 3600 * 10**9)
    assert one.offset == int(start.timestamp()) * 10**9
    split = mapping.split(hours.cast(pa.timestamp("ns", tz="UTC")))
    assert split.sequences["x"].integers.tolist() == list(range(50))


def test_dates_are_times_in_seconds() -> None:
    """Days are times of 86400 seconds, so that cycles and sums are those of timestamps."""
    (one,) = fit_mapping("x", pa.array([dt.date(1970, 1, 3)]), 1.0).subcolumns
    assert (one.family, one.ticks, one.step, one.offset) == ("time", 1, 86400, 2 * 86400)


def test_few_values_need_no_step_but_a_natural_one() -> None:
    """A common divisor of few values may be chance, but for units of time."""
    (one,) = fit_mapping("x", pa.array([100, 700, 1300]), 1.0).subcolumns
    assert one.step == 1
    minutes = pa.array([0, 7 * 60, 21 * 60], pa.timestamp("s"))
    (one,) = fit_mapping("x", minutes, 1.0).subcolumns
    assert one.step == 60


def test_clocks_count_minutes() -> None:
    """Numbers HHMM are minutes of a day; 2400 is the last, and 2460 an exception."""
    clocks = [hour * 100 + minute for hour in range(24) for minute in range(60)] + [2400]
    mapping = fit_mapping("x", pa.array(clocks, pa.int32()), 1.0)
    (one,) = mapping.subcolumns
    assert (one.family, one.period) == ("clock", 1440)
    split = mapping.split(pa.array([*clocks, 2460, -1, 75], pa.int32()))
    assert split.sequences["x"].integers.tolist() == [*range(1441), 1440, 1440, 1440]
    with pytest.raises(ValueError, match="minute"):
        mapping.join({"x": Sequence(np.array([1441]), None)}, b"", False, 1)


def test_decimals_keep_their_places() -> None:
    """Decimals of 128 bits are unscaled integers; those beyond 64 bits are exceptions."""
    values = [Decimal(place) / 100 for place in range(0, 9900, 99)]
    mapping = fit_mapping("x", pa.array(values, pa.decimal128(38, 2)), 1.0)
    (one,) = mapping.subcolumns
    assert (one.places, one.step) == (2, 99)
    array = pa.array([*values, Decimal(10) ** 30], pa.decimal128(38, 2))
    split = mapping.split(array)
    assert not split.is_whole
    assert mapping.join(split.sequences, split.side, False, len(array)).equals(array)


@pytest.mark.parametrize(
    ("kind", "integer"),
    [
        (pa.bool_(), 2),
        (pa.int8(), 128),
        (pa.uint32(), -1),
        (pa.date32(), 1 << 31),
        (pa.decimal32(3, 0), 1000),
    ],
)
def test_integers_that_do_not_fit_are_refused(kind: pa.DataType, integer: int) -> None:
    """Integers beyond the type are an error, not another value."""
    mapping = fit_mapping("x", pa.array([], kind), 1.0)
    with pytest.raises(ValueError, match="do not fit"):
        mapping.join({"x": Sequence(np.array([integer]), None)}, b"", False, 1)
