"""Processes hand over arrays, or the reason why there are none."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks.latents.exchange import Inputs, Outputs, load_made, save_each

INPUTS = Inputs(
    numbers=np.array([[1.0], [np.nan]]),
    categories=np.array([[0], [1]]),
    text=np.array(["one", "two words"]),
    vectors=np.empty((2, 0)),
    target=np.array([0, 1]),
    is_test=np.array([False, True]),
    metric="auc",
)


def test_inputs_come_back(tmp_path: Path) -> None:
    """Arrays of all kinds are read as they were written."""
    INPUTS.save(tmp_path)
    found = Inputs.load(tmp_path)
    assert found.metric == "auc"
    assert found.text.tolist() == ["one", "two words"]
    assert np.array_equal(found.numbers, INPUTS.numbers, equal_nan=True)
    assert found.n_columns == 3


def test_a_failure_is_one_dimension(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The outputs of other dimensions are there, and the reason is one line."""

    def make(dim: int) -> Outputs:
        if dim == 4:
            raise ValueError("too narrow\nfor this")
        return Outputs(
            np.zeros((2, dim)), INPUTS.numbers, INPUTS.categories, INPUTS.vectors, 1.0, 0.5, 3
        )

    save_each(tmp_path, "peer", [4, 8], make)
    assert "too narrow" in capsys.readouterr().err
    assert load_made(tmp_path, "peer", 4).failure == "ValueError: too narrow"
    made = load_made(tmp_path, "peer", 8)
    assert made.outputs is not None
    assert made.outputs.latents.shape == (2, 8)
    assert made.outputs.n_learned == 3
    assert load_made(tmp_path, "peer", 16).failure == "not run"
