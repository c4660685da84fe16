"""Steps of latents: as large as the error allows, larger where the decoder feels less."""

from __future__ import annotations

import numpy as np
import pytest

from ae_pipeline.config.network import LatentType
from ae_pipeline.fitting.latents.steps import Rows, int8_steps, steps_of_bits, steps_within

#: Outputs per latent: the decoder's sensitivity along each.
GAINS = np.array([4.0, 1.0, 0.25])
NOISE = 0.2


def rows_of(
    generator: np.random.Generator, kind: LatentType = "float32", gains: np.ndarray = GAINS
) -> Rows:
    """Rows of a linear decoder whose reconstruction is off by noise."""
    latents = generator.normal(size=(8192, len(gains))).astype(np.float32)
    truth = latents * gains + NOISE * generator.normal(size=latents.shape)
    return Rows(latents, lambda found: float(np.mean((found * gains - truth) ** 2)), kind)


@pytest.fixture
def rows(generator: np.random.Generator) -> Rows:
    """Rows of three latents."""
    return rows_of(generator)


@pytest.mark.parametrize("growth", [0.001, 0.01, 0.1])
def test_growth_is_used_and_kept(rows: Rows, growth: float) -> None:
    """The error grows by at most the bound, and would grow by more with any step doubled."""
    steps = steps_within(rows, growth)
    assert rows.loss_of(steps) <= rows.exact_loss * (1 + growth)
    for number in range(3):
        doubled = tuple(s * (2 if place == number else 1) for place, s in enumerate(steps))
        assert rows.loss_of(doubled) > rows.exact_loss * (1 + 0.95 * growth)


def test_bits_go_where_they_matter(rows: Rows) -> None:
    """A latent that weighs less has larger steps; all are powers of two."""
    steps = steps_within(rows, 0.01)
    assert steps[0] < steps[1] < steps[2]
    assert all(np.frexp(step)[0] == 0.5 for step in steps)


def test_same_rows_same_steps(generator: np.random.Generator) -> None:
    """Steps follow from the rows alone."""
    seeds = [np.random.default_rng(5) for _ in range(2)]
    first, second = (steps_within(rows_of(seed), 0.01) for seed in seeds)
    assert first == second


def test_a_latent_that_nothing_depends_on(generator: np.random.Generator) -> None:
    """A dead latent takes no bits, and does not disturb the others."""
    rows = rows_of(generator, gains=np.array([1.0, 0.0]))
    steps = steps_within(rows, 0.01)
    assert rows.rounding(steps).apply(rows.latents)[:, 1].std() < 1e-6 or steps[1] > 16 * steps[0]


def test_one_row() -> None:
    """Where hardly anything can be measured there are steps that keep the row, or none."""
    latents = np.full((1, 2), 0.3, np.float32)

    def loss(found: np.ndarray) -> float:
        return float(np.mean((found - 0.1) ** 2))

    rows = Rows(latents, loss, "float32")
    assert rows.loss_of(steps_within(rows, 0.01)) <= rows.exact_loss * 1.01
    assert len(int8_steps(Rows(latents, loss, "int8"))) == 2


def test_perfect_reconstruction_stays_exact(generator: np.random.Generator) -> None:
    """Where any rounding multiplies the error there are no steps."""
    latents = generator.normal(size=(100, 2)).astype(np.float32)
    rows = Rows(latents, lambda found: float(np.abs(found - latents).max()), "float32")
    assert steps_within(rows, 0.01) == ()


@pytest.mark.parametrize("bits", [2.0, 5.0, 8.0])
def test_bits_are_met(rows: Rows, bits: float) -> None:
    """A number has at most the bits that were asked for, and not one less."""
    found = rows.bits_of(steps_of_bits(rows, bits))
    assert bits - 1.0 < found <= bits


def test_int8_loses_least(generator: np.random.Generator) -> None:
    """One scale serves all latents, and neither its half nor its double loses less."""
    rows = rows_of(generator, "int8")
    steps = int8_steps(rows)
    assert len(set(steps)) == 1
    for factor in (0.5, 2.0):
        assert rows.loss_of(steps) <= rows.loss_of(tuple(s * factor for s in steps))
    assert np.abs(rows.rounding(steps).pack(rows.latents)).max() <= 127
