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


def own_signals(found: Neighbours, levels: Levels) -> OwnSignals:
    """Return the signals of some rows."""
    return {
        "left": found.left,
        "right": found.right,
        "gap": found.gap,
        "mean": found.mean,
        "level": levels.level,
        "bend": found.bend,
    }


def set_signals(
    own: OwnSignals, rows: Int64[np.ndarray, "some"], found: Neighbours, levels: Levels
) -> None:
    """Fill in the signals of some rows."""
    for kind, signal in own_signals(found, levels).items():
        own[kind][rows] = signal
