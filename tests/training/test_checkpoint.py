"""The file that an unfinished training leaves: whole, or as if it were not there."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as st_numpy

from ae_pipeline.errors import DestinationError, DiskFullError
from ae_pipeline.results.fit import EpochRecord
from ae_pipeline.training.checkpoint import Checkpoint, CheckpointFile

vectors = st_numpy.arrays(np.float32, 5, elements=st.floats(width=32))
losses = st.floats()
records = st.builds(EpochRecord, st.integers(0), st.integers(0), losses, losses, st.floats(0, 9))


def checkpoint(step: int = 7, n_parameters: int = 5) -> Checkpoint:
    """Training after one epoch of `step` steps."""
    first, second, third, fourth = np.arange(4 * n_parameters, dtype=np.float32).reshape(4, -1)
    history = (EpochRecord(0, 0, 1.0, 1.0, 0.0), EpochRecord(1, step, 0.5, 0.4, 0.25))
    return Checkpoint(first, second, third, fourth, step, 1, history)


def assert_same(expected: Checkpoint, got: Checkpoint | None) -> None:
    """Bit by bit equal, NaN included."""
    assert got is not None
    for field in fields(Checkpoint):
        left, right = getattr(expected, field.name), getattr(got, field.name)
        if isinstance(left, np.ndarray):
            assert (right.dtype, right.shape) == (left.dtype, left.shape)
            assert right.tobytes() == left.tobytes()
        else:
            assert repr(right) == repr(left)


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    """The file of a checkpoint."""
    CheckpointFile(tmp_path, 0.0).save(checkpoint())
    (path,) = tmp_path.iterdir()
    return path


@given(st.tuples(vectors, vectors, vectors, vectors), st.lists(records, min_size=1, max_size=3))
def test_round_trip(
    tmp_path_factory: pytest.TempPathFactory,
    arrays: tuple[np.ndarray, ...],
    history: list[EpochRecord],
) -> None:
    """What is saved is loaded: every bit of the state, and a history with NaN and infinities."""
    file = CheckpointFile(tmp_path_factory.mktemp("checkpoint"), 0.0)
    expected = Checkpoint(*arrays, 3, 0, tuple(history))
    file.save(expected)
    assert_same(expected, file.load())


def test_no_checkpoint(tmp_path: Path) -> None:
    """Where nothing was saved there is nothing to resume, and asking makes no folder."""
    assert CheckpointFile(tmp_path / "none", 0.0).load() is None
    assert not (tmp_path / "none").exists()


def test_changed_byte(saved: Path, generator: np.random.Generator) -> None:
    """Whichever byte has changed, the checkpoint is refused, or read as it was written."""
    content = saved.read_bytes()
    n_refused = 0
    for position in range(len(content)):
        damaged = bytearray(content)
        damaged[position] ^= int(generator.integers(1, 256))
        saved.write_bytes(damaged)
        got = CheckpointFile(saved.parent, 0.0).load()
        n_refused += got is None
        if got is not None:
            assert_same(checkpoint(), got)
    assert n_refused > 0.9 * len(content)


def test_truncated(saved: Path) -> None:
    """A checkpoint that lacks its end is refused, wherever it was cut."""
    content = saved.read_bytes()
    for length in range(0, len(content), 7):
        saved.write_bytes(content[:length])
        assert CheckpointFile(saved.parent, 0.0).load() is None


@pytest.mark.parametrize(
    "metadata", [None, {}, {"state": "{}"}, {"state": "[]", "sha256": ""}, {"state": "no JSON"}]
)
def test_file_of_others(saved: Path, metadata: dict[str, str] | None) -> None:
    """A file of the same format with another content is refused."""
    tensors = {name: np.zeros(5, np.float32) for name in ("parameters", "first", "second", "best")}
    saved.write_bytes(safetensors.numpy.save(tensors, metadata))
    assert CheckpointFile(saved.parent, 0.0).load() is None
    saved.write_bytes(safetensors.numpy.save({}, metadata))
    assert CheckpointFile(saved.parent, 0.0).load() is None


def test_latest_replaces_the_one_before(saved: Path) -> None:
    """There is one file, and it holds the latest checkpoint."""
    file = CheckpointFile(saved.parent, 0.0)
    file.save(checkpoint(step=9))
    assert_same(checkpoint(step=9), file.load())
    assert list(saved.parent.iterdir()) == [saved]


def test_failed_save_keeps_the_one_before(mount_disk: Callable[[str], Path]) -> None:
    """A checkpoint that does not fit on the disk leaves the one before whole, and no rest."""
    folder = mount_disk("size=64k") / "checkpoint"
    file = CheckpointFile(folder, 0.0)
    file.save(checkpoint())
    with pytest.raises(DiskFullError):
        file.save(checkpoint(n_parameters=100_000))
    assert_same(checkpoint(), file.load())
    assert len(list(folder.iterdir())) == 1


def test_no_place_for_it(tmp_path: Path) -> None:
    """A folder that cannot be made is told as an error of the destination."""
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(DestinationError):
        CheckpointFile(tmp_path / "file" / "checkpoint", 0.0).save(checkpoint())


def test_period(tmp_path: Path) -> None:
    """A checkpoint is due when the period is over: always if it is 0, not within hours."""
    often, seldom = CheckpointFile(tmp_path / "a", 0.0), CheckpointFile(tmp_path / "b", 1e9)
    for step in (1, 2):
        often.save_if_due(checkpoint(step))
        seldom.save_if_due(checkpoint(step))
        assert_same(checkpoint(step), often.load())
        assert seldom.load() is None


def test_nan_losses_come_back(tmp_path: Path) -> None:
    """A training that diverged is resumed as diverged."""
    diverged = EpochRecord(1, 2, math.nan, math.inf, 0.0)
    file = CheckpointFile(tmp_path, 0.0)
    file.save(Checkpoint(*[np.zeros(1, np.float32)] * 4, 2, 0, (diverged,)))
    got = file.load()
    assert got is not None
    assert math.isnan(got.history[0].train_loss)
    assert got.history[0].validation_loss == math.inf
