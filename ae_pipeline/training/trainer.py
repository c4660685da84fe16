"""Epochs: draw, step, evaluate, remember the best, stop. Resumes where a checkpoint left off."""

from __future__ import annotations

import logging
import math
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tensorflow as tf
from jaxtyping import Int32

from ae_pipeline.coding import Weights
from ae_pipeline.config.training import TrainingConfig
from ae_pipeline.errors import TrainingError
from ae_pipeline.results.fit import EpochRecord, TrainingSummary
from ae_pipeline.results.progress import Progress, ProgressEvent
from ae_pipeline.training.checkpoint import Checkpoint, CheckpointFile
from ae_pipeline.training.data import TrainingData
from ae_pipeline.training.loop import CompiledLoop
from ae_pipeline.training.objective import Objective
from ae_pipeline.training.optimizers import State
from ae_pipeline.training.stopping import stop_reason

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class TrainingResult:
    """Best weights and how they were reached."""

    weights: Weights
    history: tuple[EpochRecord, ...]
    summary: TrainingSummary


def train(
    objective: Objective,
    start: Weights,
    config: TrainingConfig,
    data: TrainingData,
    checkpoint_directory: Path,
    progress: Progress,
) -> TrainingResult:
    """Train until a limit is reached and return the weights of the best epoch, the start included.

    Deterministic on one machine: rows and their order depend on the seed and the epoch alone, so
    a run that was killed and resumed ends with the same weights as one that was not.

    Args:
        objective: loss and parameters.
        start: parameters before the first step.
        config: optimiser, limits and seed.
        data: training and validation rows.
        checkpoint_directory: for the state of training; it must belong to this very fit.
        progress: called after every epoch.

    Raises:
        TrainingError: not even the start has a finite loss.
        DestinationError: a checkpoint cannot be written.
    """
    run = _Run(objective, config, data)
    file = CheckpointFile(checkpoint_directory, config.checkpoint_s)
    state = file.load()
    if state is None:
        state = run.start(start)
    else:
        logger.info("resuming training after epoch %d", state.history[-1].epoch)
    while (reason := stop_reason(state.history, state.best_epoch, config)) is None:
        state = run.advance(state)
        _tell(state.history, run.n_steps, progress)
        file.save_if_due(state)
    if reason == "diverged":
        logger.warning(
            "training diverged in epoch %d; kept the weights of epoch %d. "
            "A lower training.learning_rate may help",
            state.history[-1].epoch,
            state.best_epoch,
        )
    summary = _summarize(state, reason)
    logger.info(
        "trained %d epochs of %d inputs, %d steps; validation loss %.4g -> %.4g; stopped by %s",
        summary.epochs,
        data.sample.n_inputs,
        summary.steps,
        summary.start_loss,
        summary.validation_loss,
        reason,
    )
    return TrainingResult(run.loop.weights(state.best), state.history, summary)


class _Run:
    """One fit's compiled loop and data; its state lives in checkpoints."""

    def __init__(self, objective: Objective, config: TrainingConfig, data: TrainingData) -> None:
        self._config = config
        self._sample = data.sample
        self._batch_size = min(config.batch_size, data.sample.n_inputs)
        self._steps_per_epoch = math.ceil(data.sample.n_inputs / self._batch_size)
        self.n_steps = self._steps_per_epoch * max(config.epochs, 1)
        if config.max_steps is not None:
            self.n_steps = min(self.n_steps, config.max_steps)
        self.loop = CompiledLoop(objective, config, self._batch_size, self.n_steps)
        self._validation = tf.constant(data.validation())
        self._resident: tf.Tensor | None = None

    def start(self, weights: Weights) -> Checkpoint:
        """Return epoch 0: nothing is learned, only evaluated."""
        state = self.loop.start(weights)
        loss = float(self.loop.evaluate(self._validation, state.parameters))
        if not math.isfinite(loss):
            raise TrainingError(
                "loss is not finite before the first step",
                got=str(loss),
                remedy="try network.design residual or another network.initializer",
            )
        record = EpochRecord(0, 0, loss, loss, 0.0)
        return _pack(state, np.asarray(state.parameters), 0, (record,))

    def advance(self, checkpoint: Checkpoint) -> Checkpoint:
        """Train for one epoch."""
        started = time.monotonic()
        last = checkpoint.history[-1]
        epoch = last.epoch + 1
        n_steps = self._steps_per_epoch
        if self._config.max_steps is not None:
            n_steps = min(n_steps, self._config.max_steps - last.steps)
        state, train_loss = self.loop.run(
            self._matrix(epoch), self._order(epoch), tf.constant(n_steps), _unpack(checkpoint)
        )
        loss = float(self.loop.evaluate(self._validation, state.parameters))
        record = EpochRecord(
            epoch, last.steps + n_steps, float(train_loss), loss, time.monotonic() - started
        )
        history = (*checkpoint.history, record)
        if loss < checkpoint.history[checkpoint.best_epoch].validation_loss:
            return _pack(state, np.asarray(state.parameters), epoch, history)
        return _pack(state, checkpoint.best, checkpoint.best_epoch, history)

    def _matrix(self, epoch: int) -> tf.Tensor:
        """Return the rows of an epoch, converted once if they never change."""
        if self._resident is None or not self._sample.is_complete:
            self._resident = tf.constant(self._sample.matrix(epoch))
        return self._resident

    def _order(self, epoch: int) -> Int32[np.ndarray, "picks"]:
        """Shuffle all rows; the last batch is filled up with rows from the beginning."""
        order = np.random.default_rng([self._config.seed, epoch]).permutation(self._sample.n_inputs)
        n_picks = self._steps_per_epoch * self._batch_size
        return np.resize(order, n_picks).astype(np.int32)


def _tell(history: tuple[EpochRecord, ...], n_steps: int, progress: Progress) -> None:
    last = history[-1]
    detail = f"loss {last.train_loss:.4g}, validation {last.validation_loss:.4g}"
    logger.debug("epoch %d: %s, %.2f s", last.epoch, detail, last.seconds)
    progress(ProgressEvent("train", last.steps, n_steps, detail))


def _summarize(state: Checkpoint, reason: str) -> TrainingSummary:
    history, last = state.history, state.history[-1]
    return TrainingSummary(
        epochs=last.epoch,
        steps=last.steps,
        stop_reason=reason,
        best_epoch=state.best_epoch,
        start_loss=history[0].validation_loss,
        validation_loss=history[state.best_epoch].validation_loss,
    )


def _pack(
    state: State, best: np.ndarray, best_epoch: int, history: tuple[EpochRecord, ...]
) -> Checkpoint:
    return Checkpoint(
        parameters=np.asarray(state.parameters),
        first=np.asarray(state.first),
        second=np.asarray(state.second),
        best=best,
        step=int(state.step),
        best_epoch=best_epoch,
        history=history,
    )


def _unpack(checkpoint: Checkpoint) -> State:
    return State(
        tf.constant(checkpoint.parameters),
        tf.constant(checkpoint.first),
        tf.constant(checkpoint.second),
        tf.constant(checkpoint.step, tf.int32),
    )
