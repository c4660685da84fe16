"""A sub-column: one sequence of integers that the values of a column become."""

from __future__ import annotations

from collections.abc import Mapping as Dictionary
from collections.abc import Sequence as Items
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from jaxtyping import Bool, Int64

Role = Literal["validity", "number", "category", "length"]
Family = Literal["number", "time", "clock", "rank", "digits", "bits"]

Integers: TypeAlias = Int64[np.ndarray, "rows"]
#: Rows that have an integer; None if all have.
Live: TypeAlias = Bool[np.ndarray, "rows"] | None


@dataclass(frozen=True)
class SubColumn:
    """The meaning of the integers q of one sub-column.

    A value is `(offset + step * q) * 10 ** -places`.

    Args:
        name: unique in the codec; starts with the name of the column.
        column: the top-level column that it belongs to.
        role: integers of a `category` have no order that means anything.
        family: only sub-columns of one family are added to each other.
        offset: value of q = 0, in units of the last place.
        step: distance from one value to the next, in the same units; at least 1.
        places: decimal places.
        ticks: units per second of a time; 0 of anything else.
        period: a value is a position in a cycle of so many units; 0 if it is not.
        parent: sub-column that says which rows have an integer: those where it has one itself and
            that is among `allowed`; None if all rows do.
        allowed: integers of the parent, ascending.
        space: the sub-column of lengths whose items these are, one integer per item; "" for one
            integer per row of the table.
    """

    name: str
    column: str
    role: Role
    family: Family = "number"
    offset: int = 0
    step: int = 1
    places: int = 0
    ticks: int = 0
    period: int = 0
    parent: str | None = None
    allowed: tuple[int, ...] = ()
    space: str = ""


@dataclass(frozen=True)
class Sequence:
    """The integers of one sub-column in one block; rows that have none hold 0."""

    integers: Integers
    live: Live


def slice_sequence(sequence: Sequence, rows: slice) -> Sequence:
    """Return the integers of consecutive rows."""
    live = None if sequence.live is None else sequence.live[rows]
    return Sequence(sequence.integers[rows], live)


def join_sequences(parts: Items[Sequence]) -> Sequence:
    """Return the integers of some rows and then those of others."""
    integers = np.concatenate([part.integers for part in parts])
    if all(part.live is None for part in parts):
        return Sequence(integers, None)
    live = [np.ones(len(part.integers), bool) if part.live is None else part.live for part in parts]
    return Sequence(integers, np.concatenate(live))


def live_rows(column: SubColumn, known: Dictionary[str, Sequence]) -> Live:
    """Return the rows in which a sub-column has an integer, from its parent's.

    Args:
        column: whose parent is among `known`, in the same space.
        known: sub-columns decoded so far, by name.
    """
    if column.parent is None:
        return None
    parent = known[column.parent]
    is_allowed = np.isin(parent.integers, np.array(column.allowed, np.int64))
    return is_allowed if parent.live is None else is_allowed & parent.live
