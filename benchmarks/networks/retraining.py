"""An archive's network as the planner trains it, and the same shape with another objective."""

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

from ae_pipeline.codec.archive import ArchiveCodec, ArchiveNetwork
from ae_pipeline.coding import IntegerDecoder, Weights
from ae_pipeline.config.training import TrainingConfig
from ae_pipeline.network.initialization import initial_weights
from ae_pipeline.planner.candidate import CandidateTrainer
from ae_pipeline.planner.candidate_shape import CandidateShape
from ae_pipeline.results.progress import silent
from ae_pipeline.training.data import TrainingData
from ae_pipeline.training.rate import RateObjective, fold, start_rate
from ae_pipeline.training.trainer import train
from benchmarks.networks.float_decoder import FloatDecoder
from benchmarks.networks.trainers import likely_start, open_trainer
from benchmarks.peers import Block, read_blocks


@dataclass(frozen=True)
class Problem:
    """A trained network and its training data; `step` is that of its codes, in cells."""

    trainer: CandidateTrainer
    step: float
    codec: ArchiveCodec
    network: ArchiveNetwork

    @property
    def training(self) -> TrainingConfig:
        """Settings of every training."""
        return self.trainer.job.training

    @cached_property
    def blocks(self) -> list[Block]:
        """All blocks of the source."""
        codec, source = self.codec, str(self.trainer.job.source)
        tolerances = (codec.cell / 2).tolist()
        return list(read_blocks(source, codec.schema.features, tolerances, codec.block_rows))

    @cached_property
    def gain(self) -> np.ndarray:
        """Tolerance units per standardised unit of each input."""
        return self._per_input(self.trainer.inputs.scale)

    @cached_property
    def shift(self) -> np.ndarray:
        """From the centre, around which a network is trained, to the grid's offset."""
        return self._per_input(self.trainer.inputs.center - self.codec.offset)

    def _per_input(self, per_column: np.ndarray) -> np.ndarray:
        chosen = ~self.trainer.inputs.is_constant
        return np.tile(per_column[chosen] / self.codec.cell[chosen], self.network.window)


def train_once(dataset: str, tolerance: float, n_steps: int, seed: int) -> Problem:
    """Train one network of a likely shape, as the planner does."""
    # The rate objective's default settings, spelled out so that all trainings are alike.
    training = TrainingConfig(learning_rate=5e-3, batch_size=256, max_steps=n_steps, seed=seed)
    with tempfile.TemporaryDirectory() as folder:
        trainer = open_trainer(dataset, tolerance, training, Path(folder))
        latent_dim, step = likely_start(trainer)
        codec = trainer.train(CandidateShape(1, latent_dim, step), n_steps)
    if codec.network is None:
        raise RuntimeError("the trainer returned no network")
    return Problem(trainer, step, codec, codec.network.as_stored())


def train_again(
    problem: Problem, objective: Callable[..., RateObjective]
) -> tuple[ArchiveNetwork, ArchiveNetwork]:
    """Train the network's shape again; return its integer decoder and its float decoder."""
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
    trainer, config = problem.trainer, problem.training
    features, window = problem.codec.schema.features, problem.network.window
    architecture = problem.network.architecture
    data = TrainingData(trainer.groups, features, trainer.inputs, config, window, holds_out=False)
    rows = data.sample.matrix(0) * problem.gain.astype(np.float32)
    weights = initial_weights(architecture, "glorot_uniform", rows, config.seed)
    start = start_rate(weights, problem.gain, problem.step)
    loss = objective(architecture, problem.gain, config.seed)
    with tempfile.TemporaryDirectory() as folder:
        return train(loss, start, config, data, Path(folder), silent).weights
