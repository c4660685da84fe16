"""The integers that guesses say, and the rows of which they say anything."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Int64

from ae_pipeline.mapping.subcolumn import Live
from ae_pipeline.table.known import KnownRows
from ae_pipeline.table.model import Dependence, Guess, Neighbour, Previous, Relation
from ae_pipeline.table.row_order import RowOrder

#: A key of two sub-columns is `first * 2^20 + second`, modulo 2^64.
_KEY_BITS = np.int64(20)

Rows = Int64[np.ndarray, "rows"]


@dataclass(frozen=True)
class Said:
    """A guess for every row of a space.

    Args:
        integers: of the rows that it says anything of; others hold anything.
        has_said: those rows.
    """

    integers: Rows
    has_said: Bool[np.ndarray, "rows"]


def say(guess: Relation | Dependence, known: KnownRows) -> Said:
    """Return what a guess says from the sub-columns that it names."""
    if isinstance(guess, Relation):
        return _say_relation(guess, known)
    return _say_dependence(guess, known)


def say_again(previous: Previous, integers: Rows, known: KnownRows, live: Live) -> Said:
    """Return the integer before each row, of the sub-column that is coded itself."""
    before = rows_before(previous.keys, known, live)
    return Said(integers[before], before >= 0)


def rows_before(keys: tuple[str, ...], known: KnownRows, live: Live) -> Rows:
    """Return the row before each live row among live rows with equal keys; -1 if there is none."""
    rows, is_first = live_order(known.order(keys), live)
    before = np.full(known.n_rows, -1)
    has_one = ~is_first[1:]
    before[rows[1:].compress(has_one)] = rows[:-1].compress(has_one)
    return before


def live_order(
    order: RowOrder, live: Live
) -> tuple[Int64[np.ndarray, "live"], Bool[np.ndarray, "live"]]:
    """Return the live rows in an order, and which of them are the first of their group."""
    if live is None:
        return order.rows, order.is_first
    is_live = live[order.rows]
    groups = np.cumsum(order.is_first).compress(is_live)
    is_first = np.ones(len(groups), bool)
    is_first[1:] = groups[1:] != groups[:-1]
    return order.rows.compress(is_live), is_first


def combined_keys(sources: tuple[str, ...], known: KnownRows) -> Rows:
    """Return the signal values of one sub-column, or of two in one integer."""
    keys = known.value(sources[0])
    for name in sources[1:]:
        keys = (keys << _KEY_BITS) + known.value(name)
    return keys


def sources_of(guess: Guess) -> frozenset[str]:
    """Return the names of the sub-columns that a guess asks for."""
    if isinstance(guess, Neighbour):
        return frozenset()
    if isinstance(guess, Relation):
        return frozenset(term.source for term in guess.terms)
    return frozenset(guess.keys if isinstance(guess, Previous) else guess.sources)


def _say_relation(guess: Relation, known: KnownRows) -> Said:
    totals = known.weighted(guess.constant, guess.terms)
    integers, has_said = totals, np.ones(known.n_rows, bool)
    if guess.divisor > 1:
        integers = totals // np.int64(guess.divisor)
        has_said = integers * np.int64(guess.divisor) == totals
    if guess.period:
        start = np.int64(guess.start)
        integers = (integers - start) % np.int64(guess.period) + start
    return Said(integers, has_said)


def _say_dependence(guess: Dependence, known: KnownRows) -> Said:
    keys = combined_keys(guess.sources, known)
    places = np.minimum(np.searchsorted(guess.keys, keys), len(guess.keys) - 1)
    return Said(guess.values[places], guess.keys[places] == keys)
