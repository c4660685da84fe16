"""Whole fits, some of them in processes of their own: killed or repeated, they give one codec."""

from __future__ import annotations

import json
import logging
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any  # settings of several types

import numpy as np
import pytest

from ae_pipeline.codec.features import FeaturesCodec, load_features_codec
from ae_pipeline.config.job import FitJob
from ae_pipeline.verbs import fit
from tests.support.codec.features import assert_same_weights
from tests.support.codec.training import (
    bent_rows,
    write_groups,
)
from tests.support.codec.trees import has_json
from tests.support.jobs.command_line import COMMAND

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
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of rows."""
    path = tmp_path_factory.mktemp("source") / "rows.parquet"
    write_groups(path, bent_rows(300))
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
    assert not has_json(killed)
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


def test_fit_that_diverges_writes_a_codec(tmp_path: Path) -> None:
    """A fit whose training diverges ends with a whole codec, that of the start."""
    write_groups(tmp_path / "rows.parquet", bent_rows(300))
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
