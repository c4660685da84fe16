"""Rows per CPU-second of the compiled training loop, beside `model.fit` and the multiply limit.

    python -m benchmarks.training [--source PATH] [--latent-dim 3]

Both train the same Keras model with Adam on MSE on the same resident rows; neither evaluates.
The limit is what the network's multiplications alone would take at this machine's speed for large
matrices on one thread, so a fraction of it counts everything that is not a matrix product.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import ae_pipeline.network  # noqa: F401  sets what TensorFlow reads when it is imported

# isort: split
import keras
import numpy as np
import tensorflow as tf
from rich.console import Console
from rich.table import Table

from ae_pipeline.coding import Architecture, Weights, pin_blas_threads
from ae_pipeline.columns import fit_standardization
from ae_pipeline.config.columns import ColumnsConfig
from ae_pipeline.config.job import JobConfig
from ae_pipeline.config.network import NetworkConfig
from ae_pipeline.config.training import TrainingConfig
from ae_pipeline.dataset import discover, fittable
from ae_pipeline.fitting import measure_for_fit
from ae_pipeline.network.initialization import initial_weights
from ae_pipeline.network.model import build_autoencoder, set_weights
from ae_pipeline.results.progress import silent
from ae_pipeline.training.data import TrainingData
from ae_pipeline.training.loop import CompiledLoop
from ae_pipeline.training.reconstruction import ReconstructionObjective
from benchmarks.measure.machine import machine_line

_BATCH_SIZES = (1, 32, 256, 1024)
_REPEATS = 3
#: CPU-seconds of one repeat, at least.
_BUDGET_S = 1.0
#: Steps in one call of `model.fit`, so that starting it weighs little.
_FIT_STEPS = 1000
_MATRIX_WIDTH = 2048

_console = Console(width=80, highlight=False)


@dataclass(frozen=True)
class Problem:
    """The problem that both train on: shapes, start, standardised rows without missing values."""

    architecture: Architecture
    config: TrainingConfig
    weights: Weights
    matrix: np.ndarray


@dataclass(frozen=True)
class Speed:
    """Rows per second of CPU and of wall time, and the first call's CPU time."""

    per_cpu_s: float
    per_wall_s: float
    compile_cpu_s: float


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--source", type=Path, default=Path("sample_data/gas_turbine"))
    parser.add_argument("--latent-dim", type=int, default=3)
    arguments = parser.parse_args()
    _console.print(machine_line())
    problem = _load(arguments.source, arguments.latent_dim)
    limit = _measure_flops() / _flops_per_row(problem.architecture)
    speeds = [(size, _ours(problem, size), _model_fit(problem, size)) for size in _BATCH_SIZES]
    _print(problem, limit, speeds)


def _load(path: Path, latent_dim: int) -> Problem:
    """Read the source as fit does; missing values become their column's centre."""
    source = fittable(discover(path), ColumnsConfig())
    # A plain rate that cannot diverge, the same for both.
    config = TrainingConfig(learning_rate=1e-3, schedule="constant", warmup_fraction=0)
    network = NetworkConfig(latent_dim=latent_dim)
    measured = measure_for_fit(JobConfig(training=config), source, silent)
    standardization = fit_standardization(measured.statistics, network.clip_sigma)
    architecture = Architecture.from_config(network, standardization.n_inputs)
    data = TrainingData(measured.groups, measured.schema.features, standardization, config)
    matrix = np.nan_to_num(data.sample.matrix(0), nan=0.0)
    weights = initial_weights(architecture, network.initializer, matrix, config.seed)
    return Problem(architecture, config, weights, matrix)


def _ours(problem: Problem, batch_size: int) -> Speed:
    """Measure our loop: one call per pass over freshly shuffled rows, as the trainer does."""
    n_steps = len(problem.matrix) // batch_size
    objective = ReconstructionObjective(problem.architecture, problem.config)
    loop = CompiledLoop(objective, problem.config, batch_size, 100 * n_steps)
    data, state = tf.constant(problem.matrix), loop.start(problem.weights)
    generator = np.random.default_rng(0)

    def advance(steps: int) -> int:
        nonlocal state
        order = generator.permutation(len(problem.matrix))[: n_steps * batch_size]
        state, loss = loop.run(data, order.astype(np.int32), tf.constant(steps), state)
        if not np.isfinite(float(loss)):  # reading it waits for the result
            raise RuntimeError(f"diverged at batch size {batch_size}")
        return steps * batch_size

    return _measure(lambda: advance(1), lambda: advance(n_steps))


def _model_fit(problem: Problem, batch_size: int) -> Speed:
    """Measure `model.fit`: at least `_FIT_STEPS` steps in one call, over whole batches only."""
    model = build_autoencoder(problem.architecture)
    set_weights(model, problem.weights)
    optimizer = keras.optimizers.Adam(problem.config.learning_rate)
    model.compile(optimizer, loss="mse")
    n_steps = min(_FIT_STEPS, len(problem.matrix) // batch_size)
    epochs = -(-_FIT_STEPS // n_steps)

    def advance(n_rows: int, n_epochs: int) -> int:
        rows = problem.matrix[:n_rows]
        model.fit(rows, rows, batch_size=batch_size, epochs=n_epochs, verbose=0)
        return n_rows * n_epochs

    return _measure(lambda: advance(batch_size, 1), lambda: advance(n_steps * batch_size, epochs))


def _measure(warm_up: Callable[[], int], advance: Callable[[], int]) -> Speed:
    """Return medians over repeats of at least `_BUDGET_S`; `advance` returns its trained rows."""
    started = time.process_time()
    warm_up()
    compile_cpu_s = time.process_time() - started
    rates = [_rate(advance) for _ in range(_REPEATS)]
    per_cpu_s, per_wall_s = (median(column) for column in zip(*rates, strict=True))
    return Speed(per_cpu_s, per_wall_s, compile_cpu_s)


def _rate(advance: Callable[[], int]) -> tuple[float, float]:
    """Return rows per second of CPU and of wall time."""
    n_rows, cpu, wall = 0, time.process_time(), time.perf_counter()
    while (cpu_s := time.process_time() - cpu) < _BUDGET_S:
        n_rows += advance()
    return n_rows / cpu_s, n_rows / (time.perf_counter() - wall)


def _measure_flops() -> float:
    """Return the float32 operations per CPU-second of a large product on one thread."""
    pin_blas_threads()
    generator = np.random.default_rng(0)
    left, right = generator.random((2, _MATRIX_WIDTH, _MATRIX_WIDTH), np.float32)
    seconds = []
    for _ in range(2 + _REPEATS):  # the first ones warm up
        started = time.process_time()
        np.matmul(left, right)
        seconds.append(time.process_time() - started)
    return 2 * _MATRIX_WIDTH**3 / median(seconds[2:])


def _flops_per_row(architecture: Architecture) -> int:
    """Count multiply-adds of the forward and backward pass, two operations each.

    A kernel is used three times: forward, its own gradient, its input's gradient. The last is not
    needed where the input is data.
    """
    sizes = {
        name: int(np.prod(shape))
        for name, shape in architecture.weight_shapes().items()
        if name.endswith("/kernel")
    }
    at_data = sum(sizes.get(name, 0) for name in ("encoder/0/kernel", "encoder/skip/kernel"))
    return 2 * (3 * sum(sizes.values()) - at_data)


def _print(problem: Problem, limit: float, speeds: list[tuple[int, Speed, Speed]]) -> None:
    architecture = problem.architecture
    _console.print(
        f"{len(problem.matrix):,} rows x {architecture.n_inputs} -> {architecture.latent_dim}, "
        f"{architecture.n_parameters:,} parameters, "
        f"{_flops_per_row(architecture):,} flops per row\n"
        f"multiply limit {limit * _flops_per_row(architecture) / 1e9:.0f} GFLOP/s "
        f"= {limit:,.0f} rows/s"
    )
    table = Table(title="Training rows per second")
    for name in ("batch", "loop", "CPU s", "wall s", "of limit", "faster", "compile CPU s"):
        table.add_column(name, justify="left" if name == "loop" else "right")
    for batch_size, ours, fit in speeds:
        table.add_row(str(batch_size), *_cells("compiled", ours, limit, fit))
        table.add_row("", *_cells("model.fit", fit, limit, fit), end_section=True)
    _console.print(table)


def _cells(name: str, speed: Speed, limit: float, baseline: Speed) -> list[str]:
    return [
        name,
        f"{speed.per_cpu_s:,.0f}",
        f"{speed.per_wall_s:,.0f}",
        f"{speed.per_cpu_s / limit:.2%}",
        f"{speed.per_cpu_s / baseline.per_cpu_s:.1f}x",
        f"{speed.compile_cpu_s:.1f}",
    ]


if __name__ == "__main__":
    main()
