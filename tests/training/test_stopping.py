"""When training is over, and why."""

from __future__ import annotations

import math
from typing import Any  # settings of several types

import pytest

from ae_pipeline.config.training import TrainingConfig
from ae_pipeline.results.fit import EpochRecord
from ae_pipeline.training.stopping import stop_reason

UNLIMITED = {"epochs": 1000, "max_steps": None}


def history(*losses: float, train_loss: float | None = None) -> list[EpochRecord]:
    """Epochs of ten steps with these validation losses, the start first."""
    return [
        EpochRecord(epoch, 10 * epoch, loss if train_loss is None else train_loss, loss, 0.1)
        for epoch, loss in enumerate(losses)
    ]


def reason(records: list[EpochRecord], **settings: Any) -> str | None:
    """Why to stop after the records, with the best epoch found as training finds it."""
    losses = [math.inf if math.isnan(r.validation_loss) else r.validation_loss for r in records]
    best_epoch = losses.index(min(losses))
    return stop_reason(records, best_epoch, TrainingConfig(**{**UNLIMITED, **settings}))


def test_goes_on_without_a_reason() -> None:
    """Without a limit reached training goes on, whether the loss fell or rose."""
    assert reason(history(1.0)) is None
    assert reason(history(1.0, 0.5, 2.0)) is None


@pytest.mark.parametrize("loss", [math.nan, math.inf, -math.inf])
def test_diverged(loss: float) -> None:
    """A loss that is no number ends training, be it of training or of validation."""
    assert reason(history(1.0, loss)) == "diverged"
    assert reason(history(1.0, 0.5, train_loss=loss)) == "diverged"


def test_threshold() -> None:
    """Training ends at the first validation loss that is at most the threshold."""
    assert reason(history(1.0, 0.2), loss_threshold=0.2) == "threshold"
    assert reason(history(0.1), loss_threshold=0.2) == "threshold"
    assert reason(history(1.0, 0.21), loss_threshold=0.2) is None
    assert reason(history(1.0, 0.21, train_loss=0.1), loss_threshold=0.2) is None


def test_patience() -> None:
    """Training ends when that many epochs have passed since the best one, the start included."""
    assert reason(history(1.0, 0.5, 0.6), patience=2) is None
    assert reason(history(1.0, 0.5, 0.6, 0.7), patience=2) == "patience"
    assert reason(history(1.0, 0.5, 0.6, 0.4), patience=2) is None
    assert reason(history(1.0, 1.0), patience=1) == "patience"
    assert reason(history(1.0), patience=1) is None


def test_steps() -> None:
    """Training ends when the steps are used up."""
    assert reason(history(1.0, 0.5), max_steps=11) is None
    assert reason(history(1.0, 0.5), max_steps=10) == "steps"


def test_epochs() -> None:
    """Training ends after the last epoch; without epochs it never begins."""
    assert reason(history(1.0, 0.5), epochs=2) is None
    assert reason(history(1.0, 0.5), epochs=1) == "epochs"
    assert reason(history(1.0), epochs=0) == "epochs"


def test_order_of_reasons() -> None:
    """Where several hold, the one that says most about the codec is told."""
    every = {"loss_threshold": 0.5, "patience": 1, "max_steps": 10, "epochs": 1}
    told = []
    for name in ("loss_threshold", "patience", "max_steps", "epochs"):
        told.append(reason(history(0.4, 0.5), **every))
        every.pop(name)
    assert told == ["threshold", "patience", "steps", "epochs"]
    assert reason(history(0.4, math.nan), loss_threshold=0.5, patience=1) == "diverged"
