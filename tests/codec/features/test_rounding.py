"""Rounded latents: multiples of steps, the same after every way through a file."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from ae_pipeline.codec.features import EXACT, LatentRounding
from ae_pipeline.codec.features.rounding import (
    power_of_two,
    rounding_from_json,
    rounding_to_json,
)

KINDS = ("float32", "float16", "int8")
#: Type, steps and latents: what a rounding is made of, which is checked as it is made.
Case = tuple[str, tuple[float, ...], np.ndarray]


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """A type with steps, and latents of any number of rows, the extreme ones among them."""
    n_latents = draw(st.integers(1, 5))
    kind = draw(st.sampled_from(KINDS))
    powers = draw(st.lists(st.integers(-20, 6), min_size=n_latents, max_size=n_latents))
    steps = tuple(2.0**power for power in powers)
    if kind == "int8":
        steps = (steps[0] * draw(st.integers(128, 255)) / 128,) * n_latents
    elif draw(st.booleans()):
        steps = ()
    shape = (draw(st.sampled_from([0, 1, 7])), n_latents)
    latents = draw(arrays.arrays(np.float32, shape, elements=st.floats(width=32, allow_nan=False)))
    return kind, steps, latents


@given(cases())
def test_stored_numbers_are_the_latents(case: Case) -> None:
    """What is packed is unpacked bit by bit, also by readers of wider numbers."""
    *parts, latents = case
    rounding = LatentRounding(*parts)
    rounded = rounding.apply(latents)
    packed = rounding.pack(rounded)
    assert packed.dtype == rounding.arrow_type.to_pandas_dtype()
    assert rounding.unpack(packed).tobytes() == rounded.tobytes()
    wide = packed.astype(np.int64 if rounding.kind == "int8" else np.float64)
    assert rounding.unpack(wide).tobytes() == rounded.tobytes()


@given(cases())
def test_rounding_twice_is_rounding_once(case: Case) -> None:
    """Rounded latents stay as they are, and there is no zero below zero."""
    *parts, latents = case
    rounding = LatentRounding(*parts)
    rounded = rounding.apply(latents)
    assert rounded.dtype == np.float32
    assert rounding.apply(rounded).tobytes() == rounded.tobytes()
    if not rounding.is_exact:
        assert not np.signbit(rounded[rounded == 0]).any()


@given(cases())
def test_no_latent_is_off_by_more_than_half_a_step(case: Case) -> None:
    """A latent that its type reaches is within half a step, or within float16's own rounding."""
    *parts, latents = case
    rounding = LatentRounding(*parts)
    if not rounding.steps:
        return
    steps = np.array(rounding.steps)
    most = {"float32": np.inf, "float16": 65504.0, "int8": 127 * steps}[rounding.kind]
    rounded = rounding.apply(latents).astype(np.float64)
    is_reached = np.isfinite(latents) & (np.abs(latents) <= most)
    allowed = steps / 2 + (np.abs(latents) * 2.0**-10 if rounding.kind == "float16" else 0)
    assert (np.abs(rounded - latents) <= allowed)[is_reached].all()
    beyond = (np.abs(rounded) <= most)[~is_reached & np.isfinite(latents)]
    assert beyond.all()


@given(cases())
def test_steps_are_exact_in_float32(case: Case) -> None:
    """Every rounded latent is a whole number of steps, as real numbers."""
    *parts, latents = case
    rounding = LatentRounding(*parts)
    if rounding.steps and rounding.kind != "float16":
        rounded = rounding.apply(latents).astype(np.float64)
        multiples = rounded[np.isfinite(rounded).all(axis=1)] / np.array(rounding.steps)
        np.testing.assert_array_equal(multiples, np.rint(multiples))


def test_numbers_that_are_none() -> None:
    """NaN is 0 in int8 and infinities are its ends, since integers have neither."""
    rounding = LatentRounding("int8", (0.5, 0.5, 0.5))
    latents = np.array([[np.nan, np.inf, -np.inf]], np.float32)
    assert rounding.apply(latents).tolist() == [[0.0, 63.5, -63.5]]


def test_exact_latents_are_left_alone() -> None:
    """Without steps float32 latents are the encoder's, and the codec says nothing of them."""
    latents = np.array([[-0.0, 0.1]], np.float32)
    assert EXACT.apply(latents) is latents
    assert rounding_to_json(EXACT) == {}
    assert rounding_from_json({}, 2) == EXACT


@given(cases())
def test_json_round_trip(case: Case) -> None:
    """A codec's entry says all of a rounding."""
    *parts, latents = case
    rounding = LatentRounding(*parts)
    tree = rounding_to_json(rounding)
    assert rounding_from_json(tree, latents.shape[1]) == rounding


@pytest.mark.parametrize(
    "entry",
    [
        None,
        {},
        {"type": "float32"},
        {"type": "float64", "steps": [1.0, 1.0]},
        {"type": "float32", "steps": [1.0]},
        {"type": "float32", "steps": [1.0, 0.0]},
        {"type": "float32", "steps": [1.0, -1.0]},
        {"type": "float32", "steps": [1.0, 1e300]},
        {"type": "float32", "steps": [1.0, None]},
        {"type": "int8", "steps": []},
        {"type": "int8", "steps": [1.0, 2.0]},
    ],
    ids=str,
)
def test_impossible_entries(entry: Any) -> None:
    """An entry that no writer makes is refused."""
    with pytest.raises((ValueError, KeyError, TypeError)):
        rounding_from_json({"latents": entry}, 2)


def test_integers_without_steps() -> None:
    """Integers mean nothing where the codec has no steps."""
    with pytest.raises(ValueError, match="integers"):
        EXACT.unpack(np.ones((1, 2), np.int8))


@given(st.floats(1e-30, 1e30))
def test_powers_of_two(number: float) -> None:
    """The power of two is at most the number and more than half of it."""
    found = power_of_two(number)
    assert found <= number < 2 * found
    assert np.frexp(found)[0] == 0.5
