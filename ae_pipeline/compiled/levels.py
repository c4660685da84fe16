"""Rows of a hierarchy, the highest level first."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ae_pipeline.compiled.arrays import Model
from ae_pipeline.compiled.compiling import Bools, Int64s, kernel
from ae_pipeline.compiled.rows import leaf_of, read
from ae_pipeline.compiled.symbols import Stack, start

#: Kinds of signals of the sub-column itself; -1 is any other.
OWN_KINDS = {"left": 0, "right": 1, "gap": 2, "mean": 3, "level": 4, "bend": 5}
_N_OWN = len(OWN_KINDS)
#: Kinds of guesses in a hierarchy.
SAID, LEFT, RIGHT = range(3)
#: What reading a hierarchy comes to, if not to the number of escapes taken.
GUESS_OF_NOTHING, TOO_FEW_ESCAPES = -1, -2


class Places(NamedTuple):
    """Where levels end, after a 0; the level and the neighbours of each place, -1 for none."""

    ends: Int64s
    level: Int64s
    left: Int64s
    right: Int64s
    far_left: Int64s
    far_right: Int64s


class Targets(NamedTuple):
    """Makes labels of targets in a hierarchy; `has_distances` is 0 or 1."""

    middle: int
    has_distances: int
    predicted: Int64s
    guesses: Int64s
    said: Int64s
    has_said: Bools
    escapes: Int64s


@kernel
def read_levels(
    stack: Stack,
    model: Model,
    places: Places,
    signals: Int64s,
    own_kinds: Int64s,
    what: Targets,
    labels: Int64s,
) -> int:
    """Read the labels of rows that are sorted by level.

    Args:
        stack: of the stream.
        model: of the sub-column.
        places: of the rows.
        signals: of the rows; those of the sub-column itself are filled in.
        own_kinds: number and kind of each of these.
        what: makes labels of targets.
        labels: zeros, which are filled in.

    Returns:
        How many escapes were taken, or else what is wrong.
    """
    n_taken, own = 0, np.empty(_N_OWN, np.int64)
    start(stack)
    for level in range(len(places.ends) - 1):
        first, end = places.ends[level], places.ends[level + 1]
        leaves, tokens = np.empty(end - first, np.int64), np.empty(end - first, np.int64)
        for place in range(first, end):
            _find_own(places, place, labels, what.middle, own)
            for number in range(len(own_kinds)):
                signals[own_kinds[number, 0], place] = own[own_kinds[number, 1]]
            leaves[place - first] = leaf_of(model, signals, place)
        # Neighbours are of higher levels, before the first row of this one.
        read(stack, model, leaves, tokens, labels[first:end])
        n_taken = _label(model, places, first, what, tokens, n_taken, labels)
        if n_taken < 0:
            break
    return n_taken


@kernel
def _find_own(places: Places, place: int, labels: Int64s, middle: int, own: Int64s) -> None:
    """Fill in the signals of a row that its neighbours make, in the order of `OWN_KINDS`."""
    left, right = _sides(places, place, labels, middle)
    own[0], own[1], own[2] = left, right, right - left
    own[3], own[4], own[5] = _mean(left, right), places.level[place], 0
    if places.left[place] >= 0:
        farther = labels[places.far_left[place]] + labels[places.far_right[place]]
        own[5] = left + right - farther


@kernel
def _label(
    model: Model,
    places: Places,
    first: int,
    what: Targets,
    tokens: Int64s,
    n_taken: int,
    labels: Int64s,
) -> int:
    """Make labels of the targets of a level from `first` on; return as `read_levels`."""
    escape = model.token_lefts.shape[1] - 1
    for number, token in enumerate(tokens):
        place = first + number
        left, right = _sides(places, place, labels, what.middle)
        if token < model.n_guesses:
            labels[place] = left if what.guesses[token] == LEFT else right
            if what.guesses[token] == SAID:
                if not what.has_said[token, place]:
                    return GUESS_OF_NOTHING
                labels[place] = what.said[token, place]
            continue
        if token == escape:
            if n_taken == len(what.escapes):
                return TOO_FEW_ESCAPES
            labels[place] = what.escapes[n_taken]
            n_taken += 1
        if what.has_distances:
            labels[place] += _mean(left, right) + what.predicted[place]
    return n_taken


@kernel
def _sides(places: Places, place: int, labels: Int64s, middle: int) -> tuple[int, int]:
    """Return the labels of both neighbours."""
    if places.left[place] < 0:
        return middle, middle
    return labels[places.left[place]], labels[places.right[place]]


@kernel
def _mean(left: int, right: int) -> int:
    return left + ((right - left) >> 1)
