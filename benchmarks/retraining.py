"""An archive's network as fit trains it, and the same shape trained again by another objective."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import ae_pipeline.network  # noqa: F401  sets what TensorFlow reads when it is imported

# isort: split
import numpy as np
import tensorflow as tf

from ae_pipeline.architecture import Weights
from ae_pipeline.codec import ArchiveCodec, ArchiveNetwork
from ae_pipeline.config import EncodeJob, ToleranceConfig, TrainingConfig
from ae_pipeline.integer_decoder import IntegerDecoder
from ae_pipeline.network import initial_weights
from ae_pipeline.pipeline.fit_archive import fit_archive_codec
from ae_pipeline.results import silent
from ae_pipeline.source import Source, discover, list_row_groups
from ae_pipeline.training import TrainingData
from ae_pipeline.training.rate import RateObjective, fold, start_rate
from ae_pipeline.training.trainer import train
from benchmarks.float_decoder import FloatDecoder


@dataclass(frozen=True)
class Problem:
    """A fitted codec, what it was fitted to, and how."""

    source: Source
    training: TrainingConfig
    codec: ArchiveCodec
    network: ArchiveNetwork

    @property
    def chosen(self) -> np.ndarray:
        """Which feature columns the network sees."""
        return ~self.network.standardization.is_constant

    @cached_property
    def gain(self) -> np.ndarray:
        """Tolerance units per standardised unit of each input."""
        return self._per_input(self.network.standardization.scale)

    @cached_property
    def shift(self) -> np.ndarray:
        """From the centre, around which a network is trained, to the grid's offset."""
        return self._per_input(self.network.standardization.center - self.codec.offset)

    def _per_input(self, per_column: np.ndarray) -> np.ndarray:
        units = per_column[self.chosen] / (2.0 * self.codec.tolerance[self.chosen])
        return np.tile(units, self.network.window)


def fit_problem(dataset: str, tolerance: float, seed: int) -> Problem | None:
    """A codec as `encode` fits it; None without a network."""
    source = discover(dataset)
    # What the rate objective is trained with by default; named, so that every training is alike.
    training = TrainingConfig(learning_rate=5e-3, max_steps=40_000, seed=seed)
    with tempfile.TemporaryDirectory() as folder:
        promised = ToleranceConfig(relative=tolerance)
        job = EncodeJob(source=dataset, archive=folder, tolerance=promised, training=training)
        codec = fit_archive_codec(job, source, Path(folder), silent)
    return None if codec.network is None else Problem(source, training, codec, codec.network)


def train_again(
    problem: Problem, objective: Callable[..., RateObjective]
) -> tuple[ArchiveNetwork, ArchiveNetwork]:
    """One training of the fitted network's shape: (its integer decoder, its float decoder)."""
    best = _best_weights(problem, objective)
    tensors = {name: tf.constant(array) for name, array in best.items()}
    folded = fold(tensors, tf.constant(problem.gain, tf.float32))
    floats = {name: tensor.numpy() for name, tensor in folded.items()}
    floats["decoder/1/bias"] = (floats["decoder/1/bias"] + problem.shift).astype(np.float32)
    decoder = IntegerDecoder.from_floats(floats)
    integer = replace(
        problem.network,
        encoder={name: array for name, array in best.items() if name.startswith("encoder/")},
        code_step=np.exp(best["code/log_step"]),
        decoder=decoder,
    ).as_stored()
    return integer, replace(integer, decoder=FloatDecoder.beside(decoder, floats))


def _best_weights(problem: Problem, objective: Callable[..., RateObjective]) -> Weights:
    network, config = problem.network, problem.training
    groups = list_row_groups(problem.source.fragments)
    features = problem.codec.schema.features
    data = TrainingData(groups, features, network.standardization, config, network.window)
    rows = data.sample.matrix(0) * problem.gain.astype(np.float32)
    weights = initial_weights(network.architecture, "glorot_uniform", rows, config.seed)
    start = start_rate(weights, problem.gain)
    loss = objective(network.architecture, problem.gain, config.seed)
    with tempfile.TemporaryDirectory() as folder:
        return train(loss, start, config, data, Path(folder), silent).weights
