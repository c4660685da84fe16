"""Codes that are searched: never dearer by what they are judged by, always codes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ae_pipeline.codec.archive.network import search_codes
from ae_pipeline.coding import CODE_MAX, IntegerDecoder
from tests.support.codec.drawn import random_decoder, random_network


def linear_decoder(weights: list[list[int]]) -> IntegerDecoder:
    """Predicts whole multiples of its codes."""
    skip = np.array(weights, np.float32)
    return IntegerDecoder.linear(skip, np.zeros(skip.shape[1], np.float32))


def corrections(decoder: IntegerDecoder, codes: np.ndarray, units: np.ndarray) -> np.ndarray:
    """What is left to correct, 0 where there is nothing."""
    return np.nan_to_num(np.rint(units - decoder.predict(codes).T))


@pytest.mark.parametrize(
    ("weights", "missing"),
    [
        ([[1, 2, 3, 4]], ()),
        ([[5, 1, 1, 1]], (0,)),
        ([[9, 0, 0, 1], [0, 9, 0, 1], [0, 0, 9, 1]], ()),
    ],
    ids=["one code", "a column that is missing", "several codes"],
)
def test_neighbour_that_leaves_less_to_correct(
    weights: list[list[int]], missing: tuple[int, ...], generator: np.random.Generator
) -> None:
    """Latents on the wrong side of a cell's edge get the codes that fit the columns there are."""
    decoder = linear_decoder(weights)
    right = generator.integers(-5, 6, (5000, len(weights)))
    units = decoder.predict(right).T.copy()
    units[:, list(missing)] = np.nan
    latents = right + generator.uniform(-0.7, 0.7, right.shape)
    found = search_codes(decoder, latents.astype(np.float32), units)
    np.testing.assert_array_equal(found, right)


def test_nothing_to_correct(generator: np.random.Generator) -> None:
    """Where every value is missing, codes are the latents' own."""
    decoder = linear_decoder([[5, 1, 1, 1]])
    nearest = generator.integers(-5, 6, (2000, 1))
    nothing = np.full((2000, 4), np.nan)
    found = search_codes(decoder, nearest.astype(np.float32), nothing)
    np.testing.assert_array_equal(found, nearest)


@given(st.integers(0, 2**32 - 1), st.integers(1, 300), st.sampled_from([0.0, 1.0, 1e6, 1e300]))
def test_codes_stay_near_and_small(seed: int, n_windows: int, wild: float) -> None:
    """Whatever is predicted and missing, codes are within two steps of latents and in bounds."""
    generator = np.random.default_rng(seed)
    decoder = random_network(generator, 3).decoder
    latents = (generator.normal(size=(n_windows, decoder.latent_dim)) * 40).astype(np.float32)
    latents[generator.random(latents.shape) < 0.05] = 1e9
    latents[generator.random(latents.shape) < 0.05] = np.nan
    units = decoder.predict(np.rint(np.clip(np.nan_to_num(latents), -99, 99)).astype(int)).T
    units = units + wild * generator.normal(size=units.shape)
    units[generator.random(units.shape) < 0.1] = np.nan
    codes = search_codes(decoder, latents, units)
    assert codes.dtype == np.int64
    assert np.abs(codes).max() <= CODE_MAX
    usual = np.abs(latents) < CODE_MAX
    assert np.abs(codes - latents)[usual].max(initial=0) < 2


def test_fewer_corrections(generator: np.random.Generator) -> None:
    """Searched codes of a hidden layer leave fewer corrections than rounded ones."""
    decoder = replace(
        random_decoder(generator, latent=2, hidden=9, outputs=8),
        hidden_shift=np.full(9, 10, np.int8),
        output_shift=np.full(8, 7, np.int8),
        skip_shift=np.full(8, 14, np.int8),
    )
    right = generator.integers(-20, 21, (4000, 2))
    units = decoder.predict(right).T + generator.normal(size=(4000, 8)) * 0.2
    latents = (right + generator.normal(size=right.shape) * 0.6).astype(np.float32)
    rounded = corrections(decoder, np.rint(latents).astype(np.int64), units)
    searched = corrections(decoder, search_codes(decoder, latents, units), units)
    assert np.abs(searched).sum() < 0.7 * np.abs(rounded).sum()


@pytest.mark.parametrize("n_windows", [0, 1])
def test_hardly_any_windows(n_windows: int) -> None:
    """No window has no codes, and one has its own."""
    decoder = linear_decoder([[1, 1]])
    latents, units = np.zeros((n_windows, 1), np.float32), np.zeros((n_windows, 2))
    assert search_codes(decoder, latents, units).tolist() == [[0]] * n_windows
