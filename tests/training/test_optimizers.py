"""Update rules, held to Keras' own, and learning-rate schedules, held to formulas."""

from __future__ import annotations

from typing import Any  # settings of several types

import numpy as np
import pytest

from ae_pipeline.config.training import TrainingConfig
from ae_pipeline.training.optimizers import State, build_rate, build_update
from tests.support.networks import tensor

N_STEPS = 1000


def constant_rate(**settings: Any) -> TrainingConfig:
    """Settings whose learning rate never changes."""
    return TrainingConfig(schedule="constant", warmup_fraction=0.0, **settings)


def start_state(parameters: np.ndarray) -> State:
    """The state before the first step."""
    zeros = tensor(np.zeros_like(parameters))
    return State(tensor(parameters), zeros, zeros, tensor(0))


def keras_optimizer(config: TrainingConfig) -> Any:
    """Keras' optimiser of the same name and settings."""
    import keras

    if config.optimizer == "sgd":
        return keras.optimizers.SGD(config.learning_rate, momentum=config.momentum)
    if config.optimizer == "adam":
        return keras.optimizers.Adam(config.learning_rate)
    return keras.optimizers.AdamW(config.learning_rate, weight_decay=config.weight_decay)


@pytest.mark.parametrize(
    "config",
    [
        constant_rate(optimizer="sgd", learning_rate=0.1, momentum=0.9),
        constant_rate(optimizer="sgd", learning_rate=0.1, momentum=0.0),
        constant_rate(optimizer="adam", learning_rate=0.01),
        constant_rate(optimizer="adam", learning_rate=0.01, weight_decay=0.5),
        constant_rate(optimizer="adamw", learning_rate=0.01, weight_decay=0.5),
        constant_rate(optimizer="adamw", learning_rate=0.01, weight_decay=0.0),
    ],
    ids=["momentum", "sgd", "adam", "adam ignores decay", "adamw", "adamw without decay"],
)
def test_matches_keras_step_by_step(config: TrainingConfig, generator: np.random.Generator) -> None:
    """Twenty steps on random gradients leave the parameters where Keras leaves them."""
    import keras

    start = generator.normal(size=50).astype(np.float32)
    update, state = build_update(config, N_STEPS), start_state(start)
    optimizer, variable = keras_optimizer(config), keras.Variable(start)
    sizes = 10.0 ** generator.integers(-4, 3, 50)
    for step in range(20):
        gradient = tensor((generator.normal(size=50) * sizes).astype(np.float32))
        state = update(state, gradient)
        optimizer.apply_gradients([(gradient, variable)])
        np.testing.assert_allclose(state.parameters, np.asarray(variable), rtol=1e-5, atol=1e-5)
        assert int(state.step) == step + 1


def test_adamw_shrinks_without_gradient() -> None:
    """Decay is decoupled: without a gradient adamw shrinks by rate x decay, adam not at all."""
    start, gradient = np.array([2.0, -4.0], np.float32), tensor([0.0, 0.0])
    settings = {"learning_rate": 0.1, "weight_decay": 0.5}
    decayed = build_update(constant_rate(optimizer="adamw", **settings), N_STEPS)
    kept = build_update(constant_rate(optimizer="adam", **settings), N_STEPS)
    np.testing.assert_allclose(decayed(start_state(start), gradient).parameters, start * 0.95)
    np.testing.assert_array_equal(kept(start_state(start), gradient).parameters, start)


def rates(config: TrainingConfig, n_steps: int = N_STEPS) -> np.ndarray:
    """Learning rate of every step and of the one after the last."""
    rate = build_rate(config, n_steps)
    return np.array([float(rate(tensor(step))) for step in range(n_steps + 1)])


@pytest.mark.parametrize("schedule", ["constant", "cosine", "exponential"])
def test_schedule_is_its_formula(schedule: str) -> None:
    """A linear ramp over the warm-up, then the schedule over the rest, step by step."""
    config = TrainingConfig(schedule=schedule, learning_rate=0.5, warmup_fraction=0.1)
    warmup = 10
    steps = np.arange(101)
    ramp = np.minimum((steps + 1) / warmup, 1)
    progress = np.clip((steps - warmup) / (100 - warmup), 0, 1)
    shape = {
        "constant": np.ones(101),
        "cosine": (1 + np.cos(np.pi * progress)) / 2,
        "exponential": 0.01**progress,
    }
    expected = 0.5 * ramp * shape[schedule]
    np.testing.assert_allclose(rates(config, 100), expected, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize(
    ("schedule", "final"), [("constant", 1.0), ("cosine", 0.0), ("exponential", 0.01)]
)
def test_schedule_ends_where_promised(schedule: str, final: float) -> None:
    """After the planned steps the rate is all, nothing, or 1 % of its peak, and stays there."""
    rate = build_rate(TrainingConfig(schedule=schedule, learning_rate=0.5), N_STEPS)
    for step in (N_STEPS, N_STEPS + 1, 10 * N_STEPS):
        assert float(rate(tensor(step))) == pytest.approx(0.5 * final, abs=1e-7)


@pytest.mark.parametrize("schedule", ["constant", "cosine", "exponential"])
@pytest.mark.parametrize("warmup_fraction", [0.0, 0.02, 0.5, 0.999])
@pytest.mark.parametrize("n_steps", [0, 1, 2, 7])
def test_rate_of_short_runs(schedule: str, warmup_fraction: float, n_steps: int) -> None:
    """However few steps are planned, the first rate is above 0 and none is above the peak."""
    config = TrainingConfig(schedule=schedule, warmup_fraction=warmup_fraction, learning_rate=0.25)
    found = rates(config, n_steps)
    assert np.isfinite(found).all()
    assert found[0] > 0
    assert found.max() <= 0.25
