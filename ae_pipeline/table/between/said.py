"""Labels that guesses and the prediction of a hierarchy say, in coding order."""

from __future__ import annotations

import numpy as np

from ae_pipeline.table.between.levels import Coded, predict_distances
from ae_pipeline.table.guesses import Said, say
from ae_pipeline.table.known import KnownRows
from ae_pipeline.table.model import Guess, Neighbour, Previous, SubColumnModel
from ae_pipeline.table.targets import CodingOrder, relabelled


def guess_in_order(
    model: SubColumnModel, guess: Guess, known: KnownRows, order: CodingOrder
) -> Said | Neighbour:
    """Return the labels that a guess says in coding order, or a neighbour as it is."""
    if isinstance(guess, Neighbour):
        return guess
    if isinstance(guess, Previous):
        raise ValueError("a repetition in a hierarchy")
    said = say(guess, known)
    labels = relabelled(model.labels, said.integers[order.rows])
    return Said(labels, said.has_said[order.rows])


def predict_in_order(model: SubColumnModel, known: KnownRows, order: CodingOrder) -> Coded:
    """Return the prediction of distances in coding order, 0 without one."""
    if model.base is None:
        return np.zeros_like(order.rows)
    return predict_distances(model.base, known, order.rows, order.levels)
