"""Whole trainings: the same every time, resumed as if never stopped, never worse than the start."""

from __future__ import annotations

import json
import logging
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any  # settings of several types

import numpy as np
import pytest

from ae_pipeline.codec.features import FeaturesCodec, load_features_codec
from ae_pipeline.coding import Architecture, Weights, decode_matrix, encode_matrix
from ae_pipeline.config.job import FitJob
from ae_pipeline.errors import DestinationError, TrainingError
from ae_pipeline.results.progress import Progress, ProgressEvent, silent
from ae_pipeline.training.data import TrainingData
from ae_pipeline.training.fits import train_reconstruction
from ae_pipeline.training.trainer import TrainingResult
from ae_pipeline.verbs import fit
from tests.support.networks import (
    assert_same_weights,
    bent_rows,
    feature_names,
    plain_standardization,
    training_data,
    training_job,
    write_groups,
)

#: Without hidden layers: linear, and compiled in half a second.
LINEAR = Architecture(4, 2, (), (), "relu", "residual")
BENT = Architecture(4, 2, (), (8,), "relu", "residual")
REFERENCE = {"epochs": 12, "learning_rate": 0.02}


def run(
    folder: Path,
    rows: np.ndarray,
    architecture: Architecture = LINEAR,
    checkpoint: Path | None = None,
    progress: Progress = silent,
    **settings: Any,
) -> TrainingResult:
    """Train on the rows."""
    job = training_job(**settings)
    data = training_data(folder, rows, job)
    return train_reconstruction(
        architecture, job, data, checkpoint or folder / "checkpoint", progress
    )


def loss_of(architecture: Architecture, weights: Weights, rows: np.ndarray) -> float:
    """Mean squared error of the values that are present."""
    inputs = np.nan_to_num(rows).astype(np.float32)
    outputs = decode_matrix(architecture, weights, encode_matrix(architecture, weights, inputs))
    return float(np.nanmean((outputs.astype(np.float64) - rows) ** 2))


def held_out(folder: Path, rows: np.ndarray) -> np.ndarray:
    """The rows that training validates on."""
    return training_data(folder, rows, training_job()).validation()


@pytest.fixture(scope="module")
def rows() -> np.ndarray:
    """Rows on a bent surface."""
    return bent_rows(300)


@pytest.fixture(scope="module")
def events() -> list[ProgressEvent]:
    """What the reference run told of its progress."""
    return []


@pytest.fixture(scope="module")
def reference(
    rows: np.ndarray, events: list[ProgressEvent], tmp_path_factory: pytest.TempPathFactory
) -> TrainingResult:
    """A run that nobody disturbed."""
    return run(
        tmp_path_factory.mktemp("reference"), rows, BENT, progress=events.append, **REFERENCE
    )


def test_training_beats_pca(reference: TrainingResult, rows: np.ndarray, tmp_path: Path) -> None:
    """On bent data the loss falls well below that of PCA, and the weights have the loss told."""
    summary = reference.summary
    assert summary.validation_loss < 0.7 * summary.start_loss
    loss = loss_of(BENT, reference.weights, held_out(tmp_path, rows))
    assert loss == pytest.approx(summary.validation_loss, rel=1e-4)


def test_history_tells_every_epoch(reference: TrainingResult, events: list[ProgressEvent]) -> None:
    """History and progress have a line for each epoch, with steps counted through."""
    history, summary = reference.history, reference.summary
    assert [record.epoch for record in history] == list(range(13))
    steps_per_epoch = history[1].steps
    assert [record.steps for record in history] == [steps_per_epoch * i for i in range(13)]
    best = min(history, key=lambda record: record.validation_loss)
    assert (summary.best_epoch, summary.validation_loss) == (best.epoch, best.validation_loss)
    assert summary.start_loss == history[0].validation_loss == history[0].train_loss
    assert (summary.stop_reason, summary.epochs, summary.steps) == ("epochs", 12, history[-1].steps)
    assert [event.done for event in events] == [record.steps for record in history[1:]]
    assert {(event.stage, event.total) for event in events} == {("train", summary.steps)}


def test_same_seed_same_weights(
    reference: TrainingResult, rows: np.ndarray, tmp_path: Path
) -> None:
    """The same rows, settings and seed give the same weights, bit by bit."""
    again = run(tmp_path, rows, BENT, **REFERENCE)
    assert_same_weights(reference.weights, again.weights)
    losses = [record.validation_loss for record in again.history]
    assert losses == [record.validation_loss for record in reference.history]


def test_other_seed_other_weights(
    reference: TrainingResult, rows: np.ndarray, tmp_path: Path
) -> None:
    """The seed decides the drawn weights and the order of the rows, not where PCA starts."""
    other = run(tmp_path, rows, BENT, seed=1, **REFERENCE)
    assert other.summary.start_loss == reference.summary.start_loss
    assert other.history[1].train_loss != reference.history[1].train_loss
    assert not np.array_equal(
        other.weights["decoder/0/kernel"], reference.weights["decoder/0/kernel"]
    )


def interrupt_after(n_epochs: int) -> Progress:
    """A listener that ends the run, as Ctrl-C does."""
    seen: list[ProgressEvent] = []

    def listen(event: ProgressEvent) -> None:
        seen.append(event)
        if len(seen) == n_epochs:
            raise KeyboardInterrupt

    return listen


def test_interrupted_run_goes_on(
    reference: TrainingResult,
    rows: np.ndarray,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A run that was interrupted and started again ends as if it had never stopped."""
    settings = {**REFERENCE, "checkpoint_s": 0}
    checkpoint = tmp_path / "checkpoint"
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, rows, BENT, checkpoint, interrupt_after(6), **settings)
    with caplog.at_level(logging.INFO, "ae_pipeline"):
        resumed = run(tmp_path, rows, BENT, checkpoint, **settings)
    assert "resuming training after epoch 5" in caplog.text
    assert_same_weights(reference.weights, resumed.weights)
    assert resumed.summary == reference.summary


def test_interrupted_run_on_a_drawn_sample_goes_on(tmp_path: Path) -> None:
    """A source larger than sample_mb trains, and an interrupted run of it resumes alike."""
    large = bent_rows(80_000)
    settings = {"sample_mb": 1, "batch_size": 8192, "epochs": 3, "checkpoint_s": 0}
    groups = write_groups(tmp_path / "rows.parquet", large, group_rows=2000)
    job = training_job(**settings)

    def start(checkpoint: Path, progress: Progress) -> TrainingResult:
        data = TrainingData(groups, feature_names(4), plain_standardization(4), job.training)
        assert not data.sample.is_complete
        return train_reconstruction(LINEAR, job, data, checkpoint, progress)

    whole = start(tmp_path / "whole", silent)
    with pytest.raises(KeyboardInterrupt):
        start(tmp_path / "parts", interrupt_after(2))
    resumed = start(tmp_path / "parts", silent)
    assert_same_weights(whole.weights, resumed.weights)
    assert whole.summary == resumed.summary
    assert whole.summary.steps == 3 * 8  # 65,536 rows of four float32 are a megabyte


def test_finished_run_is_not_run_again(rows: np.ndarray, tmp_path: Path) -> None:
    """A checkpoint of the last epoch is all that is needed: nothing is trained a second time."""
    first = run(tmp_path, rows, epochs=2, checkpoint_s=0)
    again = run(tmp_path, rows, progress=interrupt_after(1), epochs=2, checkpoint_s=0)
    assert_same_weights(first.weights, again.weights)
    assert again.history == first.history


def test_diverging_run_keeps_the_start(
    rows: np.ndarray, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """At an absurd learning rate the start is kept, the reason told, and a remedy named."""
    settings = {"optimizer": "sgd", "learning_rate": 1e30}
    result = run(tmp_path, rows, LINEAR, **settings)
    assert (result.summary.stop_reason, result.summary.best_epoch) == ("diverged", 0)
    assert result.summary.validation_loss == result.summary.start_loss
    start = run(tmp_path, rows, LINEAR, epochs=0, **settings)
    assert_same_weights(start.weights, result.weights)
    assert "learning_rate" in caplog.text


def test_worse_weights_are_not_kept(rows: np.ndarray, tmp_path: Path) -> None:
    """At a learning rate that only does harm, the best weights are those of the start."""
    result = run(tmp_path, rows, learning_rate=5.0, schedule="constant", warmup_fraction=0)
    assert all(record.validation_loss > result.summary.start_loss for record in result.history[1:])
    assert (result.summary.best_epoch, result.summary.stop_reason) == (0, "epochs")
    loss = loss_of(LINEAR, result.weights, held_out(tmp_path, rows))
    assert loss == pytest.approx(result.summary.start_loss, rel=1e-4)


def test_no_epochs_is_pca(rows: np.ndarray, tmp_path: Path) -> None:
    """Without epochs the codec is PCA of the training rows: no step, and the optimal error."""
    result = run(tmp_path, rows, BENT, epochs=0)
    assert (result.summary.stop_reason, result.summary.steps) == ("epochs", 0)
    trained = training_data(tmp_path, rows, training_job()).sample.matrix(0).astype(np.float64)
    singular = np.linalg.svd(trained - trained.mean(axis=0), compute_uv=False)
    optimal = (singular[2:] ** 2).sum() / trained.size
    assert loss_of(BENT, result.weights, trained) == pytest.approx(optimal, rel=1e-4)


def test_loss_threshold(reference: TrainingResult, rows: np.ndarray, tmp_path: Path) -> None:
    """Training stops at the first epoch that reaches the threshold, with that epoch's weights."""
    losses = [record.validation_loss for record in reference.history]
    threshold = (losses[0] + min(losses)) / 2
    result = run(tmp_path, rows, BENT, loss_threshold=threshold, **REFERENCE)
    first = next(epoch for epoch, loss in enumerate(losses) if loss <= threshold)
    assert (result.summary.stop_reason, result.summary.epochs) == ("threshold", first)
    assert result.summary.best_epoch == first > 0
    loss = loss_of(BENT, result.weights, held_out(tmp_path, rows))
    assert loss == pytest.approx(losses[first], rel=1e-4)


def test_threshold_that_the_start_reaches(rows: np.ndarray, tmp_path: Path) -> None:
    """If PCA is good enough no step is taken."""
    result = run(tmp_path, rows, loss_threshold=100.0)
    assert (result.summary.stop_reason, result.summary.steps) == ("threshold", 0)


def test_patience(rows: np.ndarray, tmp_path: Path) -> None:
    """Training stops after so many epochs without a better loss."""
    result = run(tmp_path, rows, optimizer="sgd", learning_rate=1e-30, patience=3, epochs=50)
    assert (result.summary.stop_reason, result.summary.epochs) == ("patience", 3)
    assert result.summary.best_epoch == 0


def test_max_steps(rows: np.ndarray, tmp_path: Path) -> None:
    """Training stops after exactly so many mini-batches, in the middle of an epoch too."""
    result = run(tmp_path, rows, max_steps=40, epochs=50)
    n_rows = training_data(tmp_path, rows, training_job()).sample.n_inputs
    per_epoch = -(-n_rows // 16)
    assert [record.steps for record in result.history] == [0, per_epoch, 2 * per_epoch, 40]
    assert (result.summary.stop_reason, result.summary.steps) == ("steps", 40)


@pytest.mark.parametrize("n_rows", [1, 5])
def test_fewer_rows_than_a_batch(n_rows: int, tmp_path: Path) -> None:
    """A source smaller than a batch, even of one row, trains one step an epoch."""
    result = run(tmp_path, bent_rows(300)[:n_rows], batch_size=256, epochs=2)
    assert [record.steps for record in result.history] == [0, 1, 2]
    assert np.isfinite(result.summary.validation_loss)
    assert all(np.isfinite(array).all() for array in result.weights.values())


def test_missing_values(rows: np.ndarray, tmp_path: Path, generator: np.random.Generator) -> None:
    """Rows with gaps train; the loss is that of the values which are there."""
    gaps = rows.copy()
    gaps[generator.random(gaps.shape) < 0.3] = np.nan
    gaps[::50] = np.nan
    result = run(tmp_path, gaps, learning_rate=0.05)
    assert result.summary.validation_loss < result.summary.start_loss
    loss = loss_of(LINEAR, result.weights, held_out(tmp_path, gaps))
    assert loss == pytest.approx(result.summary.validation_loss, rel=1e-4)


def test_start_without_a_loss(tmp_path: Path, generator: np.random.Generator) -> None:
    """Values whose squares are beyond float32 are refused before the first step."""
    job, huge = training_job(), generator.normal(0, 1e30, (30, 4))
    data = training_data(tmp_path, huge, job, clip_sigma=1e35)
    with pytest.raises(TrainingError, match="before the first step"):
        train_reconstruction(LINEAR, job, data, tmp_path / "checkpoint", silent)


def test_checkpoint_that_cannot_be_written(rows: np.ndarray, tmp_path: Path) -> None:
    """A place that cannot hold the checkpoint is told as an error of the destination."""
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(DestinationError):
        run(tmp_path, rows, checkpoint=tmp_path / "file" / "below", checkpoint_s=0)


# Whole fits, some of them in processes of their own.

COMMAND = Path(sys.executable).parent / "ae-pipeline"
TRAINING = {"epochs": 400, "batch_size": 64, "learning_rate": 0.01, "max_steps": None}


def start_fit(source: Path, codec: Path, **training: Any) -> subprocess.Popen[bytes]:
    """`ae-pipeline fit` in a process of its own."""
    command = [COMMAND, "fit", source, "--codec", codec, "--latent-dim", "2"]
    for key, value in {**TRAINING, **training}.items():
        command += ["--set", f"training.{key}={json.dumps(value)}"]
    command += ["--set", "network.encoder_hidden=[]"]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL)


def await_codec(process: subprocess.Popen[bytes], directory: Path) -> FeaturesCodec:
    """What the process wrote, once it is done."""
    assert process.wait(timeout=60) == 0
    return load_features_codec(directory)


def fit_here(source: Path, codec: Path) -> FeaturesCodec:
    """The same fit in this process."""
    network = {"latent_dim": 2, "encoder_hidden": ()}
    job = FitJob(source=str(source), codec=str(codec), network=network, training=TRAINING)
    fit(job)
    return load_features_codec(codec)


@pytest.fixture(scope="module")
def source(rows: np.ndarray, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of rows."""
    path = tmp_path_factory.mktemp("source") / "rows.parquet"
    write_groups(path, rows)
    return path


@pytest.fixture(scope="module")
def peaceful(
    source: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
    """A fit that nobody disturbs in a process of its own, and its codec directory."""
    directory = tmp_path_factory.mktemp("peaceful") / "codec"
    with start_fit(source, directory) as process:
        yield process, directory
        process.kill()


@pytest.fixture
def killed(source: Path, tmp_path: Path) -> Path:
    """The codec directory of a fit that was killed while it trained."""
    directory = tmp_path / "killed"
    with start_fit(source, directory, checkpoint_s=0) as process:
        for _ in range(6000):  # a minute
            if list(directory.glob("checkpoint/*/training.safetensors")):
                break
            with pytest.raises(subprocess.TimeoutExpired):  # it must not end by itself
                process.wait(timeout=0.01)
        process.kill()
    assert process.returncode == -signal.SIGKILL
    return directory


def test_killed_fit_ends_as_a_peaceful_one(
    source: Path,
    peaceful: tuple[subprocess.Popen[bytes], Path],
    killed: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A killed fit leaves no codec; run again, in any process, it ends with the very same one."""
    assert not (killed / "codec.json").exists()
    with caplog.at_level(logging.INFO, "ae_pipeline"):
        resumed = fit_here(source, killed)
    assert "resuming training after epoch" in caplog.text
    expected = await_codec(*peaceful)
    assert resumed.id == expected.id
    assert_same_weights(expected.weights, resumed.weights)
    assert expected.provenance.training == resumed.provenance.training
    assert not (killed / "checkpoint").exists()


def test_same_fit_in_another_process(
    source: Path, peaceful: tuple[subprocess.Popen[bytes], Path], tmp_path: Path
) -> None:
    """The same fit in two processes gives the same codec, bit by bit."""
    here = fit_here(source, tmp_path / "here")
    expected = await_codec(*peaceful)
    assert here.id == expected.id
    assert_same_weights(expected.weights, here.weights)


def test_fit_that_diverges_writes_a_codec(tmp_path: Path, rows: np.ndarray) -> None:
    """A fit whose training diverges ends with a whole codec, that of the start."""
    write_groups(tmp_path / "rows.parquet", rows)
    job = FitJob(
        source=str(tmp_path / "rows.parquet"),
        codec=str(tmp_path / "codec"),
        network={"latent_dim": 3, "encoder_hidden": ()},
        training={"optimizer": "sgd", "learning_rate": 1e30, "batch_size": 16},
    )
    result = fit(job)
    assert (result.training.stop_reason, result.latent_dim) == ("diverged", 3)
    codec = load_features_codec(tmp_path / "codec")
    assert codec.id == result.codec_id
    assert codec.weights["encoder/0/bias"].shape == (3,)
    assert np.isnan(codec.provenance.history[-1].validation_loss)
