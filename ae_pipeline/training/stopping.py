"""Decide when to stop training."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ae_pipeline.config.training import TrainingConfig
from ae_pipeline.results.fit import EpochRecord


def stop_reason(
    history: Sequence[EpochRecord], best_epoch: int, config: TrainingConfig
) -> str | None:
    """Return why to stop after the last epoch of `history`, or None to continue.

    Reasons are checked in this order: diverged (a loss is not finite), threshold, patience, steps,
    epochs.
    """
    last = history[-1]
    if not (math.isfinite(last.train_loss) and math.isfinite(last.validation_loss)):
        return "diverged"
    if config.loss_threshold is not None and last.validation_loss <= config.loss_threshold:
        return "threshold"
    if config.patience is not None and last.epoch - best_epoch >= config.patience:
        return "patience"
    if config.max_steps is not None and last.steps >= config.max_steps:
        return "steps"
    return "epochs" if last.epoch >= config.epochs else None
