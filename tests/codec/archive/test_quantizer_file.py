"""Quantizers in a codec's JSON: what is written is read back, all else is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ae_pipeline.codec.archive.quantizer_file import quantizers_from_json, quantizers_to_json
from ae_pipeline.coding import DecimalGrid, FloatingGrid, LinearGrid, Promise, Quantizer

NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
BOUNDS = st.floats(0, 1e300)


def linear(offset: float, tolerance: float) -> tuple[LinearGrid, Promise]:
    """Equal cells."""
    return LinearGrid(offset, tolerance), Promise(tolerance)


def decimal(places: int, offset: float, tolerance: float) -> tuple[DecimalGrid, Promise]:
    """Decimals."""
    return DecimalGrid(places, offset), Promise(tolerance)


def relative(share: float, significand: int, exponent: int) -> tuple[FloatingGrid, Promise]:
    """Binary floating-point numbers."""
    return FloatingGrid(2, significand, exponent), Promise(relative=share)


def digits(count: int, exponent: int) -> tuple[FloatingGrid, Promise]:
    """Decimal floating-point numbers."""
    return FloatingGrid(10, 10 ** (count - 1), exponent), Promise(digits=count)


EXPONENTS = st.integers(-1100, 1100)
PAIRS = st.one_of(
    st.builds(linear, NUMBERS, BOUNDS),
    st.builds(decimal, st.integers(-22, 22), NUMBERS, BOUNDS),
    st.builds(relative, st.floats(1e-12, 1), st.integers(1, 10**14), EXPONENTS),
    st.builds(digits, st.integers(1, 15), EXPONENTS),
)


@given(
    PAIRS,
    st.lists(NUMBERS, max_size=3),
    st.none() | st.tuples(NUMBERS, NUMBERS),
    st.booleans(),
)
def test_round_trip(
    pair: tuple[Any, Promise],
    fill_values: list[float],
    ordinary: tuple[float, float] | None,
    is_whole: bool,
) -> None:
    """Every quantizer comes back from its JSON text as it was."""
    quantizer = Quantizer(*pair, tuple(fill_values), ordinary, is_whole)
    text = json.dumps(quantizers_to_json([quantizer]), allow_nan=False)
    assert quantizers_from_json(json.loads(text)) == (quantizer,)


def test_linear_quantizers_say_what_they_always_said() -> None:
    """A column of equal cells has the keys of former releases alone, so that ids stay."""
    assert quantizers_to_json([Quantizer.linear(1.0, 0.5)]) == [{"offset": 1.0, "tolerance": 0.5}]


@pytest.mark.parametrize(
    "changes",
    [
        {"offset": float("nan")},
        {"tolerance": -1.0},
        {"tolerance": True},
        {"fill_values": ["x"]},
        {"fill_values": [0.0] * 257},
        {"ordinary": [1.0]},
        {"grid": {"kind": "other"}},
        {"grid": {"kind": "decimal", "places": 23}},
        {"grid": {"kind": "decimal", "places": 2.5}},
        {"grid": {"kind": "relative", "relative": 0, "significand": 1, "exponent": 0}},
        {"grid": {"kind": "relative", "relative": 2, "significand": 1, "exponent": 0}},
        {"grid": {"kind": "relative", "relative": 0.1, "significand": 10**14 + 1, "exponent": 0}},
        {"grid": {"kind": "digits", "digits": 3, "significand": 99, "exponent": 0}},
        {"grid": {"kind": "digits", "digits": 16, "significand": 10**15, "exponent": 0}},
        {"grid": {"kind": "digits", "digits": 1, "significand": 1, "exponent": 1101}},
    ],
)
def test_what_no_writer_writes(changes: dict[str, Any]) -> None:
    """Numbers that are none, and grids that do not exist, are damage."""
    with pytest.raises((KeyError, TypeError, ValueError)):
        quantizers_from_json([{"offset": 0.0, "tolerance": 0.5, **changes}])
