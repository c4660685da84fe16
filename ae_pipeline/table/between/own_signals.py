"""Signals of the sub-column that is coded, from the neighbours of each row."""

from __future__ import annotations

import numpy as np
from jaxtyping import Int64

from ae_pipeline.table.between.levels import Levels, Neighbours
from ae_pipeline.table.model import SignalKind
from ae_pipeline.table.trees import OwnSignals

OWN_SIGNALS: tuple[SignalKind, ...] = ("left", "right", "gap", "mean", "level", "bend")


def no_signals(n_rows: int) -> OwnSignals:
    """Return room for the signals of all rows of a space."""
    return {kind: np.zeros(n_rows, np.int64) for kind in OWN_SIGNALS}


def set_signals(
    own: OwnSignals, rows: Int64[np.ndarray, "some"], found: Neighbours, levels: Levels
) -> None:
    """Fill in the signals of some rows."""
    own["left"][rows], own["right"][rows] = found.left, found.right
    own["gap"][rows], own["mean"][rows] = found.gap, found.mean
    own["level"][rows], own["bend"][rows] = levels.level, found.bend
