"""Whether a tolerance leaves a column what it means."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ae_pipeline.columns import Fidelity, fine_tolerance, judge, verdict_of
from ae_pipeline.columns.fidelity import variance_kept, worst_view
from tests.support.taxi import FLATTENED, KEPT, taxi_table

N = 4000
GENERATOR = np.random.default_rng(7)
NORMAL = GENERATOR.normal(size=N)
IS_RARE = np.arange(N) % 97 == 0


def judged(values: np.ndarray, tolerance: float) -> Fidelity:
    """On the grid through 0."""
    cell = 2 * tolerance
    return judge(values, np.rint(values / cell) * cell if tolerance else values, tolerance)


def of_range(values: np.ndarray, share: float = 0.01) -> Fidelity:
    """With a tolerance relative to maximum - minimum."""
    return judged(values, share * float(np.ptp(values)))


HIDDEN = {
    "an outlier": np.concatenate([np.abs(10 + NORMAL), [429_000.0]]),
    "a sentinel in a fifth": np.where(np.arange(N) % 5 == 0, -999.0, 3 + 0.3 * NORMAL),
    "a sentinel in most rows": np.where(np.arange(N) % 5 == 0, 3 + 0.3 * NORMAL, -9999.0),
    "sentinels on both sides": np.select(
        [np.arange(N) % 5 == 0, np.arange(N) % 5 == 1], [-999.0, 999.0], 0.3 * NORMAL
    ),
    "nothing, and a sentinel": np.select(
        [np.arange(N) % 5 < 2, np.arange(N) % 5 == 2], [0.0, -999.0], np.abs(NORMAL)
    ),
    "a few levels, and a sentinel": np.where(
        np.arange(N) % 10 == 0, -999.0, np.arange(N) % 3
    ).astype(np.float64),
    "rare events, and an outlier": np.where(IS_RARE, np.abs(NORMAL), 0.0) + 400.0 * np.eye(1, N)[0],
    "rare events of one size, and an outlier": np.where(IS_RARE, 0.5, 0.0)
    + 900.0 * np.eye(1, N)[0],
    "heavy tails": np.exp(4.0 * NORMAL),
    "two values and an outlier": np.append(np.arange(N) % 2, 1e6).astype(np.float64),
}


@pytest.mark.parametrize("values", HIDDEN.values(), ids=HIDDEN.keys())
def test_what_makes_up_the_variance_hides_nothing(values: np.ndarray) -> None:
    """Outliers, sentinels and most frequent values do not hide that the other rows are flattened,
    and the tolerance that is suggested flattens nothing.
    """  # noqa: D205
    assert of_range(values).verdict == "flattened"
    assert judged(values, fine_tolerance(values)).verdict == "kept"


SOUND = {
    "normal": NORMAL,
    "uniform": GENERATOR.random(N),
    "flags": IS_RARE.astype(np.float64),
    "flags with three mistakes": np.concatenate([IS_RARE, [0.3, 0.31, 0.32]]).astype(np.float64),
    "a counter": np.arange(1e6, 1e6 + N),
    "whole numbers": np.floor(6 * GENERATOR.random(N)),
    "on and off": np.where(np.arange(N) % 2, 230.0 + 10 * NORMAL, 0.0),
    "two values": np.array([1.0, 2.0]),
    "cents": np.round(20 + 4 * NORMAL, 2),
    "far from 0": 1e9 + NORMAL,
}


@pytest.mark.parametrize("values", SOUND.values(), ids=SOUND.keys())
def test_sound_columns_are_left_alone(values: np.ndarray) -> None:
    """One percent of the range of an ordinary column flattens nothing."""
    assert of_range(values).verdict in ("kept", "coarse")


def test_a_tolerance_above_the_quartile_range_flattens() -> None:
    """Where the tolerance exceeds the quartile range of all but the most frequent value, the
    verdict says so, whatever R2 is.
    """  # noqa: D205
    values = np.where(np.arange(N) % 2, 0.0, np.where(np.arange(N) % 40 == 0, 200.0, 100 + NORMAL))
    found = judged(values, 2.0)
    assert found.iqr is not None
    assert found.iqr < 2.0
    assert found.r2 is not None
    assert found.r2 > 0.99
    assert found.verdict == "flattened"


def test_what_does_not_vary_cannot_be_flattened() -> None:
    """Constant columns, empty ones and exact ones have nothing to lose."""
    assert judged(np.full(9, 0.1), 5.0).verdict == "kept"
    assert judged(np.zeros(0), 5.0) == Fidelity(None, None, 0, 0, None, "kept")
    assert judge(NORMAL, NORMAL, 0.0).verdict == "exact"
    assert judge(NORMAL, NORMAL, 100.0).verdict == "kept"


def test_one_value_of_several_is_flattened() -> None:
    """A column that varied and does not any more is flattened, however few its rows are."""
    assert judge(np.array([1.0, 2.0]), np.array([1.5, 1.5]), 0.5).verdict == "flattened"


def test_taxi_columns() -> None:
    """Of the taxi table, one percent of the range flattens the columns that it was made for."""
    table = taxi_table()
    for names, expected in ((FLATTENED, {"flattened"}), (KEPT, {"kept", "exact", "coarse"})):
        for name in names:
            values = table[name].drop_null().to_numpy().astype(np.float64)
            found = of_range(values) if len(values) else judged(values, 0.0)
            assert found.verdict in expected, name


def test_r2_is_that_of_its_definition() -> None:
    """R2 is 1 - SSE / SST, and None of values that do not vary."""
    source, decoded = np.array([1.0, 2.0, 6.0]), np.array([1.0, 3.0, 5.0])
    assert variance_kept(source, decoded) == pytest.approx(1 - 2 / 14)
    assert variance_kept(np.full(3, 0.1), decoded) is None


@given(
    st.lists(st.floats(-1e308, 1e308, allow_nan=False), max_size=60),
    st.floats(1e-300, 1e300),
)
def test_any_values_are_judged(numbers: list[float], tolerance: float) -> None:
    """Whatever finite values there are, numbers are finite, and R2 does not exceed 1."""
    values = np.array(numbers, np.float64)
    with np.errstate(all="ignore"):
        decoded = np.nan_to_num(np.rint(values / tolerance) * tolerance)
    found = judge(values, decoded, tolerance)
    for share in (found.r2, found.r2_bulk):
        assert share is None or (np.isfinite(share) and share <= 1)
    assert np.isfinite(fine_tolerance(values))
    worst_view(values, decoded)


@given(st.integers(-40, 40))
def test_units_do_not_matter(exponent: int) -> None:
    """A column in other units, with its tolerance in these, gets the same verdict."""
    for values in HIDDEN.values():
        scaled = np.ldexp(values, exponent)
        assert of_range(scaled) == judge_scaled(of_range(values), exponent)


def judge_scaled(found: Fidelity, exponent: int) -> Fidelity:
    """The same with its quartile range in other units."""
    iqr = None if found.iqr is None else float(np.ldexp(found.iqr, exponent))
    return Fidelity(found.r2, found.r2_bulk, found.n_before, found.n_after, iqr, found.verdict)


def test_verdicts_in_words() -> None:
    """From 0.99, and 0.95 of the bulk, a column is kept; below 0.9 of either it is flattened."""
    shares = (None, 1.0, 0.99, 0.9899, 0.9, 0.8999, -3.0)
    verdicts = ["kept", "kept", "kept", "coarse", "coarse", "flattened", "flattened"]
    assert [verdict_of(share, None) for share in shares] == verdicts
    bulks = (None, 0.95, 0.9499, 0.9, 0.8999)
    verdicts = ["kept", "kept", "coarse", "coarse", "flattened"]
    assert [verdict_of(0.999, share) for share in bulks] == verdicts
