"""Linear predictions in integers: of a sub-column's integers, or of their changes."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64, Int64

from ae_pipeline.table.model import Linear, Term
from ae_pipeline.table_fit.goal import Goal, rank_correlation
from ae_pipeline.table_fit.guessing.regression import Fit, select_terms

_MOST_COLUMNS = 40
_MOST_ROWS = 10_000
_LEAST_ROWS = 32
_MOST_SHIFT = 20

Rows = Int64[np.ndarray, "_"]


def fit_linear(goal: Goal, names: list[str], most: int = 6) -> Linear | None:
    """Predict the integers from those of other sub-columns in the same row."""
    rows = goal.few(_MOST_ROWS)
    terms = [Term(name, 1, fill=_fill(goal, name)) for name in names]
    columns = [goal.space.known.term(term)[rows].astype(np.float64) for term in terms]
    return _fit(goal, goal.integers[rows].astype(np.float64), terms, columns, most)


def fit_changes(goal: Goal, names: list[str], before: Rows, most: int = 6) -> Linear | None:
    """Predict the change since the row before from the changes of other sub-columns.

    Args:
        goal: what is predicted.
        names: sub-columns to predict from.
        before: row before each of `goal.picked`, -1 for none.
        most: terms.
    """
    has_before = (before >= 0) & _is_live(goal, before)
    rows, previous = goal.picked[has_before], before[has_before]
    some = slice(None, None, max(1, len(rows) // _MOST_ROWS))
    rows, previous = rows[some], previous[some]
    terms = [Term(name, 1, is_lag, _fill(goal, name)) for name in names for is_lag in (False, True)]
    columns = []
    for term in terms:
        integers = goal.space.known.term(term)
        columns.append((integers[rows] - integers[previous]).astype(np.float64))
    changes = (goal.integers[rows] - goal.integers[previous]).astype(np.float64)
    return _fit(goal, changes, terms, columns, most, has_bias=False)


def fit_distances(
    goal: Goal, names: list[str], rows: Rows, left: Rows, right: Rows, most: int = 6
) -> Linear | None:
    """Predict distances from the mean of two neighbours from twice those of other sub-columns.

    Args:
        goal: what is predicted.
        names: sub-columns to predict from.
        rows: that have two neighbours.
        left: neighbours of these rows on one side.
        right: on the other.
        most: terms.
    """
    some = slice(None, None, max(1, len(rows) // _MOST_ROWS))
    rows, left, right = rows[some], left[some], right[some]

    def twice(integers: Rows) -> Float64[np.ndarray, "some"]:
        return (2 * integers[rows] - integers[left] - integers[right]).astype(np.float64)

    terms = [Term(name, 1, fill=_fill(goal, name)) for name in names]
    columns = [twice(goal.space.known.term(term)) for term in terms]
    return _fit(goal, twice(goal.integers) / 2, terms, columns, most, has_bias=False)


def _is_live(goal: Goal, rows: Rows) -> np.ndarray:
    live = goal.sequence.live
    return np.ones(len(rows), bool) if live is None else live[rows]


def _fill(goal: Goal, name: str) -> int:
    sequence = goal.space.known[name]
    if sequence.live is None or not sequence.live.any():
        return 0
    return int(np.median(sequence.integers[sequence.live]))


def _fit(
    goal: Goal,
    target: Float64[np.ndarray, "_"],
    terms: list[Term],
    columns: list[Float64[np.ndarray, "_"]],
    most: int,
    has_bias: bool = True,
) -> Linear | None:
    if len(target) < _LEAST_ROWS or target.min() == target.max():
        return None
    varied = [place for place, column in enumerate(columns) if column.min() != column.max()]
    if not varied:
        return None
    table = np.stack([columns[place] for place in varied])
    if len(varied) > _MOST_COLUMNS:
        best = np.sort(np.argsort(-rank_correlation(target, table), kind="stable")[:_MOST_COLUMNS])
        varied, table = [varied[place] for place in best], table[best]
    fit = select_terms(target, table, most)
    if fit is None:
        return None
    chosen = {varied[place]: weight for place, weight in fit.weights.items()}
    return _in_integers(goal, Fit(fit.bias if has_bias else 0.0, chosen, fit.bits), terms)


def _in_integers(goal: Goal, fit: Fit, terms: list[Term]) -> Linear | None:
    """Round weights to as many binary places as 64 bits allow and the numbers need."""
    peaks = {
        place: float(np.abs(goal.space.known.term(terms[place]).astype(np.float64)).max()) + 1
        for place in fit.weights
    }
    peak = max([abs(fit.bias), *(abs(fit.weights[place]) * peaks[place] for place in peaks)]) + 1
    allowed = np.floor(58 - np.log2(peak))
    needed = max(np.ceil(np.log2(max(peaks.values())) + 5), 4)
    shift = int(np.clip(min(allowed, needed), 0, _MOST_SHIFT))
    weights = {place: round(weight * 2**shift) for place, weight in fit.weights.items()}
    kept = tuple(
        Term(terms[place].source, weight, terms[place].is_lag, terms[place].fill)
        for place, weight in weights.items()
        if weight and abs(weight) < 1 << 62
    )
    if not kept or abs(fit.bias) * 2**shift >= 2**62:
        return None
    return Linear(round(fit.bias * 2**shift), shift, kept)
