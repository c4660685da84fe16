"""Decimals: numbers that were written with so many places."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ae_pipeline.columns.decimals import are_decimals, decimal_places


@pytest.mark.parametrize("kind", [np.float32, np.float64])
@pytest.mark.parametrize("places", [0, 1, 2, 4])
def test_places_are_found(kind: type, places: int) -> None:
    """Prints of a sensor have the places that they were printed with."""
    values = np.random.default_rng(places).normal(20.0, 5.0, 3000).round(places).astype(kind)
    assert decimal_places(values) == places


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
def test_measurements_are_no_decimals(kind: type, scale: float) -> None:
    """Floats of all digits are none, however many places are tried."""
    with np.errstate(over="ignore"):
        values = (scale * np.random.default_rng(0).normal(0.0, 1.0, 3000)).astype(kind)
    assert decimal_places(values[np.isfinite(values)]) is None


def test_a_few_others_do_not_matter() -> None:
    """A column is decimal if 99 of 100 values are; the others are told apart."""
    values = np.random.default_rng(1).normal(20.0, 5.0, 1000).round(2)
    values[:5] += 1 / 3
    assert decimal_places(values) == 2
    assert are_decimals(values, 2).sum() == 995


def test_nothing_is_no_decimal() -> None:
    """No values, no places."""
    assert decimal_places(np.zeros(0)) is None


@given(st.integers(-(10**12), 10**12), st.integers(0, 6))
def test_decimals_are_recognised(whole: int, places: int) -> None:
    """Whatever Python reads of a decimal text is a decimal of its places."""
    value = float(f"{whole}e-{places}")
    assert are_decimals(np.array([value]), places).all()
