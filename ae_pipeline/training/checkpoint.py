"""The state of an unfinished training, in one file that is whole or absent."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import safetensors
import safetensors.numpy
from jaxtyping import Float32

from ae_pipeline.publish import publish_bytes
from ae_pipeline.results.fit import EpochRecord

_FILE = "training.safetensors"
_TENSORS = ("parameters", "first", "second", "best")

Vector = Float32[np.ndarray, "parameters"]


@dataclass(frozen=True)
class Checkpoint:
    """The state after some epochs: parameters, optimiser moments, best weights, history."""

    parameters: Vector
    first: Vector
    second: Vector
    best: Vector
    step: int
    best_epoch: int
    history: tuple[EpochRecord, ...]


class CheckpointFile:
    """Writes checkpoints to a file at most once per period.

    Args:
        directory: created when the first checkpoint is written.
        period_s: seconds between checkpoints.
    """

    def __init__(self, directory: Path, period_s: float) -> None:
        self._path = directory / _FILE
        self._period_s = period_s
        self._last = time.monotonic()

    def save_if_due(self, checkpoint: Checkpoint) -> None:
        """Write a checkpoint if the last is old enough; `DestinationError` if that fails."""
        if time.monotonic() - self._last >= self._period_s:
            self.save(checkpoint)
            self._last = time.monotonic()

    def save(self, checkpoint: Checkpoint) -> None:
        """Write a checkpoint; `DestinationError` if that fails."""
        tensors = {name: getattr(checkpoint, name) for name in _TENSORS}
        state = json.dumps(
            {
                "step": checkpoint.step,
                "best_epoch": checkpoint.best_epoch,
                "history": [asdict(record) for record in checkpoint.history],
            }
        )
        metadata = {"state": state, "sha256": _checksum(state, tensors)}
        publish_bytes(self._path, safetensors.numpy.save(tensors, metadata=metadata))

    def load(self) -> Checkpoint | None:
        """Read the checkpoint; None if it does not exist or is damaged."""
        try:
            with safetensors.safe_open(self._path, framework="numpy") as file:
                metadata = file.metadata()
                tensors = {name: file.get_tensor(name) for name in _TENSORS}
            if metadata["sha256"] != _checksum(metadata["state"], tensors):
                return None
            state = json.loads(metadata["state"])
            history = tuple(EpochRecord(**record) for record in state.pop("history"))
            return Checkpoint(**tensors, **state, history=history)
        except (OSError, safetensors.SafetensorError, KeyError, TypeError, ValueError):
            return None


def _checksum(state: str, tensors: Mapping[str, Vector]) -> str:
    """Hash state and tensors: the file format notices lost bytes, but not changed ones."""
    digest = hashlib.sha256(state.encode())
    for name in _TENSORS:
        digest.update(np.ascontiguousarray(tensors[name]).tobytes())
    return digest.hexdigest()
