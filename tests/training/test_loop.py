"""The compiled loop: losses by formula, gradients by differences, steps as they are counted."""

from __future__ import annotations

from typing import Any, Literal  # Any: settings of several types

import numpy as np
import pytest

from ae_pipeline.coding import Architecture, Weights, decode_matrix, encode_matrix
from ae_pipeline.config.training import TrainingConfig
from ae_pipeline.training.loop import CompiledLoop
from ae_pipeline.training.reconstruction import ReconstructionObjective
from tests.support.networks import assert_same_weights, random_weights, tensor

SHAPE = Architecture(3, 2, (4,), (3,), "tanh", "residual")
BATCH = 8
Loss = Literal["mse", "mae", "huber"]


def build_loop(**settings: Any) -> CompiledLoop:
    """A loop of plain gradient descent, whose parameters move by rate x gradient."""
    defaults = {"optimizer": "sgd", "momentum": 0.0, "schedule": "constant", "warmup_fraction": 0.0}
    config = TrainingConfig(**{**defaults, **settings})
    return CompiledLoop(ReconstructionObjective(SHAPE, config), config, BATCH, 100)


def numpy_loss(weights: Weights, rows: np.ndarray, loss: Loss, delta: float = 1.0) -> float:
    """Mean loss of the values that are present, by the formulas of the papers."""
    outputs = decode_matrix(SHAPE, weights, encode_matrix(SHAPE, weights, np.nan_to_num(rows)))
    errors = np.abs(outputs.astype(np.float64) - rows)[np.isfinite(rows)]
    if loss == "mse":
        return float((errors**2).mean())
    if loss == "mae":
        return float(errors.mean())
    huber = np.where(errors <= delta, errors**2 / 2, delta * (errors - delta / 2))
    return float(huber.mean())


def rows_with_gaps(generator: np.random.Generator) -> np.ndarray:
    """Forty standardised rows of which a fifth of the values are missing."""
    rows = generator.normal(0, 2, (40, 3)).astype(np.float32)
    rows[generator.random(rows.shape) < 0.2] = np.nan
    return rows


@pytest.fixture(scope="module")
def still() -> CompiledLoop:
    """A loop whose rate is so small that no parameter moves."""
    return build_loop(learning_rate=1e-30)


@pytest.fixture(scope="module")
def stepping() -> CompiledLoop:
    """A loop whose parameters move by a hundredth of the gradient; always run on forty rows."""
    return build_loop(learning_rate=0.01)


@pytest.mark.parametrize(
    ("loss", "delta"), [("mse", 1.0), ("mae", 1.0), ("huber", 1.0), ("huber", 0.3)]
)
def test_loss_is_its_formula(loss: Loss, delta: float, generator: np.random.Generator) -> None:
    """Each loss is the mean of its formula over the values that are present."""
    weights, rows = random_weights(SHAPE, generator), rows_with_gaps(generator)
    loop = build_loop(loss=loss, huber_delta=delta)
    got = loop.evaluate(tensor(rows), loop.start(weights).parameters)
    assert float(got) == pytest.approx(numpy_loss(weights, rows, loss, delta), rel=1e-5)


def test_step_is_rate_times_gradient(
    stepping: CompiledLoop, generator: np.random.Generator
) -> None:
    """One step of plain descent moves every parameter by its slope, as differences measure it."""
    rows = rows_with_gaps(generator)
    start = stepping.start(random_weights(SHAPE, generator))
    order = np.arange(40, dtype=np.int32)
    state, _ = stepping.run(tensor(rows), order, tensor(1), start)
    before = np.asarray(start.parameters)
    moved = (before - np.asarray(state.parameters)) / 0.01

    def loss_at(index: int, shift: float) -> float:
        parameters = before.copy()
        parameters[index] += shift
        return numpy_loss(stepping.weights(parameters), rows[:BATCH], "mse")

    slopes = [(loss_at(i, 1e-2) - loss_at(i, -1e-2)) / 2e-2 for i in range(len(before))]
    np.testing.assert_allclose(moved, slopes, rtol=0.02, atol=0.02)


def test_steps_reduce_the_loss(stepping: CompiledLoop, generator: np.random.Generator) -> None:
    """Steps on the same rows bring their loss down."""
    rows = tensor(np.tile(rows_with_gaps(generator)[:BATCH], (5, 1)))
    state = stepping.start(random_weights(SHAPE, generator))
    order = np.arange(40, dtype=np.int32)
    losses = [float(stepping.evaluate(rows, state.parameters))]
    for _ in range(4):
        state, _ = stepping.run(rows, order, tensor(5), state)
        losses.append(float(stepping.evaluate(rows, state.parameters)))
    assert losses == sorted(losses, reverse=True)
    assert losses[-1] < 0.9 * losses[0]
    assert int(state.step) == 20


def test_number_of_steps_does_not_retrace(
    stepping: CompiledLoop, generator: np.random.Generator
) -> None:
    """However many of the steps are taken, the compiled loop is the same one."""
    rows, order = tensor(rows_with_gaps(generator)), np.arange(40, dtype=np.int32)
    state = stepping.start(random_weights(SHAPE, generator))
    for n_steps, total in ((5, 5), (1, 6), (0, 6), (3, 9)):
        state, _ = stepping.run(rows, order, tensor(n_steps), state)
        assert int(state.step) == total
    assert stepping.run.experimental_get_tracing_count() == 1


def test_no_steps_change_nothing(still: CompiledLoop, generator: np.random.Generator) -> None:
    """Zero steps return the state as it was and a mean loss of zero."""
    start = still.start(random_weights(SHAPE, generator))
    rows, order = tensor(rows_with_gaps(generator)), np.arange(40, dtype=np.int32)
    state, mean = still.run(rows, order, tensor(0), start)
    assert float(mean) == 0.0
    for before, after in zip(start, state, strict=True):
        np.testing.assert_array_equal(before, after)


def test_mean_loss_is_that_of_the_batches(
    still: CompiledLoop, generator: np.random.Generator
) -> None:
    """The loss of a run is the mean of its steps' losses, each over the rows that `order` names."""
    weights, rows = random_weights(SHAPE, generator), rows_with_gaps(generator)
    order = generator.permutation(40).astype(np.int32)
    start = still.start(weights)
    for n_steps in (1, 3, 5):
        _, mean = still.run(tensor(rows), order, tensor(n_steps), start)
        batches = order[: n_steps * BATCH].reshape(n_steps, BATCH)
        expected = np.mean([numpy_loss(weights, rows[batch], "mse") for batch in batches])
        assert float(mean) == pytest.approx(expected, rel=1e-5)


def test_rows_without_values_teach_nothing(
    stepping: CompiledLoop, generator: np.random.Generator
) -> None:
    """A batch of which every value is missing has loss 0 and moves no parameter."""
    start = stepping.start(random_weights(SHAPE, generator))
    rows, order = np.full((40, 3), np.nan, np.float32), np.arange(40, dtype=np.int32)
    state, mean = stepping.run(tensor(rows), order, tensor(5), start)
    assert float(mean) == 0.0
    np.testing.assert_array_equal(state.parameters, start.parameters)


def test_weights_round_trip(still: CompiledLoop, generator: np.random.Generator) -> None:
    """The flat vector of the start holds every weight, and gives it back bit by bit."""
    weights = random_weights(SHAPE, generator)
    state = still.start(weights)
    assert_same_weights(weights, still.weights(np.asarray(state.parameters)))
    assert state.parameters.shape == (SHAPE.n_parameters,)
    assert not np.any(state.first)
    assert not np.any(state.second)
    assert int(state.step) == 0
