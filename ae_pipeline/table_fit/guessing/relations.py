"""Exact relations with small integer coefficients: totals, ends of intervals, equal columns.

Coefficients are found by robust regression in common units, rounded, and judged on integers; a
relation counts for the rows where it holds.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float64, Int64

from ae_pipeline.mapping.subcolumn import SubColumn
from ae_pipeline.table.model import Relation, Term
from ae_pipeline.table_fit.goal import Goal, rank_correlation
from ae_pipeline.table_fit.guessing.regression import fit_all, select_terms

_MOST_ROWS = 6000
_PAIR_ROWS = 1200
_MOST_COLUMNS = 24
_MOST_TERMS = 12
_MOST_REFINED = 4
_STEPS = 24
_MOST_FACTOR = 64
_DIVISORS = (1, 2, 4, 5, 10)
#: Beyond, floats skip integers.
_MOST_EXACT = float(1 << 52)

Coefficients = tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class FoundRelation:
    """A relation and the share of the looked-at rows where it holds."""

    relation: Relation
    share: float


@dataclass(frozen=True)
class _Held:
    share: float
    coefficients: Coefficients
    constant: int
    divisor: int


def find_relations(goal: Goal, names: list[str], most: int = 3) -> list[FoundRelation]:
    """Return relations that hold in some of the rows, the most frequent first."""
    search = _make_search(goal, names)
    if search is None:
        return []
    begun = sorted((search.hold(*start) for start in search.starts()), key=lambda h: -h.share)
    held = [search.refine(start) for start in begun[:_MOST_REFINED] if start.share > 0.02]
    best: dict[tuple[Coefficients, int], _Held] = {}
    for found in sorted(held, key=lambda found: (-found.share, len(found.coefficients))):
        best.setdefault((found.coefficients, found.divisor), found)
    return [
        FoundRelation(search.relation(found), found.share)
        for found in list(best.values())[: 2 * most]
        if found.share > 0.02
    ]


class _Search:
    """Columns in common units, as floats that are whole numbers.

    Args:
        goal: what is sought.
        names: of the columns.
        units: of one step of each, and last of the goal.
        period: of the goal's cycle in common units, 0 for none.
    """

    def __init__(self, goal: Goal, names: list[str], units: list[int], period: int) -> None:
        self._goal, self._names, self._units, self._period = goal, names, units, period
        rows = goal.few(_MOST_ROWS)
        self._target = goal.integers[rows].astype(np.float64) * units[-1]
        self._fills = [_fill_of_zero(goal.space.columns[name]) for name in names]
        known = goal.space.known
        self._columns = np.stack(
            [
                known.term(Term(name, 1, fill=fill))[rows].astype(np.float64) * unit
                for name, fill, unit in zip(names, self._fills, units[:-1], strict=True)
            ]
        )
        self._floor = _mode(self._target)[1] / max(len(rows), 1)

    def starts(self) -> list[tuple[Coefficients, int]]:
        """Coefficients and divisors to begin from."""
        found: list[tuple[Coefficients, int]] = []
        found += [(((place, sign),), 1) for place, sign in self._singles()]
        found += self._pairs()
        selected = select_terms(self._target, self._columns, _MOST_TERMS)
        fits = [] if selected is None else [selected]
        if len(self._columns) > 1:
            fits.append(fit_all(self._target, self._columns, _STEPS))
        for fit in fits:
            for divisor in _DIVISORS:
                rounded = self._rounded(fit.weights, divisor)
                if rounded:
                    found.append((rounded, divisor))
        return list(dict.fromkeys(found))

    def _rounded(self, weights: dict[int, float], divisor: int) -> Coefficients:
        rounded = {place: round(weight * divisor) for place, weight in weights.items()}
        if any(abs(factor) > _MOST_FACTOR * divisor for factor in rounded.values()):
            return ()
        return tuple(sorted((place, factor) for place, factor in rounded.items() if factor))

    def _singles(self) -> list[tuple[int, int]]:
        shares = {}
        for sign in (1, -1):
            rest = self._wrapped(self._target - sign * self._columns)
            for place, share in enumerate(_mode_shares(rest).tolist()):
                shares[place, sign] = share
        best = sorted(shares, key=lambda key: -shares[key])[:3]
        return [key for key in best if shares[key] > max(0.03, 1.2 * self._floor)]

    def _pairs(self) -> list[tuple[Coefficients, int]]:
        some = slice(None, None, max(1, len(self._target) // _PAIR_ROWS))
        target, columns = self._target[some], self._columns[:, some]
        found: list[tuple[float, Coefficients]] = []
        for first in range(len(columns)):
            for signs in ((1, 1), (1, -1), (-1, 1)):
                rest = target - signs[0] * columns[first] - signs[1] * columns[first + 1 :]
                shares = _mode_shares(self._wrapped(rest))
                for place in np.flatnonzero(shares > max(0.3, self._floor + 0.15)).tolist():
                    pair = ((first, signs[0]), (first + 1 + place, signs[1]))
                    found.append((-float(shares[place]), pair))
        return [(pair, 1) for _, pair in sorted(found)[:3]]

    def _wrapped(self, rest: Float64[np.ndarray, "*shape"]) -> Float64[np.ndarray, "*shape"]:
        return rest % self._period if self._period else rest

    def hold(self, coefficients: Coefficients, divisor: int) -> _Held:
        """Find the constant that holds most often."""
        rest = self._target * divisor
        for place, factor in coefficients:
            rest = rest - factor * self._columns[place]
        if np.abs(rest).max(initial=0.0) > _MOST_EXACT:
            return _Held(0.0, coefficients, 0, divisor)
        constant, count = _mode(self._wrapped(rest) if divisor == 1 else rest)
        return _Held(count / max(len(rest), 1), coefficients, int(constant), divisor)

    def refine(self, held: _Held) -> _Held:
        """Drop terms that nothing needs, add those that help."""
        held = self._pruned(held)
        while len(held.coefficients) < _MOST_TERMS and 0.02 < held.share < 0.999:
            better = self._extended(held)
            if better is None:
                break
            held = better
        return self._pruned(held)

    def _pruned(self, held: _Held) -> _Held:
        for term in held.coefficients:
            if len(held.coefficients) > 1:
                rest = tuple(other for other in held.coefficients if other != term)
                shorter = self.hold(rest, held.divisor)
                held = shorter if shorter.share >= held.share - 1e-4 else held
        return held

    def _extended(self, held: _Held) -> _Held | None:
        used = {place for place, _ in held.coefficients}
        tried = [
            self.hold((*held.coefficients, (place, sign * held.divisor)), held.divisor)
            for place in range(len(self._columns))
            if place not in used
            for sign in (1, -1)
        ]
        best = max(tried, key=lambda found: found.share, default=held)
        return best if best.share > held.share + 0.004 else None

    def relation(self, held: _Held) -> Relation:
        """Return the relation between the integers themselves."""
        terms = tuple(
            Term(self._names[place], factor * self._units[place], fill=self._fills[place])
            for place, factor in held.coefficients
        )
        found = Relation(held.constant, self._units[-1] * held.divisor, terms)
        if not self._period or held.divisor > 1:
            return _reduced(found)
        integers = self._goal.integers[self._goal.live]
        period = self._period // self._units[-1]
        start = -(self._goal.column.offset // self._goal.column.step)
        if not start <= integers.min() <= integers.max() < start + period:
            start = int(integers.min())
        return replace(_reduced(found), start=start, period=period)


def _reduced(relation: Relation) -> Relation:
    """Divide all numbers by what divides them all."""
    numbers = [relation.constant, relation.divisor, *(term.weight for term in relation.terms)]
    common = math.gcd(*numbers)
    return replace(
        relation,
        constant=relation.constant // common,
        divisor=relation.divisor // common,
        terms=tuple(replace(term, weight=term.weight // common) for term in relation.terms),
    )


def _make_search(goal: Goal, names: list[str]) -> _Search | None:
    columns = [goal.space.columns[name] for name in names]
    related = [column for column in columns if _is_related(column, goal.column)]
    if goal.column.role != "number" or not related or not len(goal.picked):
        return None
    units, period = _common_units([*related, goal.column], goal.column)
    if units[-1] * float(np.abs(goal.integers.astype(np.float64)).max()) > _MOST_EXACT:
        return None
    search = _Search(goal, [column.name for column in related], units, period)
    return (
        search if len(related) <= _MOST_COLUMNS else _narrowed(goal, search, related, units, period)
    )


def _narrowed(
    goal: Goal, search: _Search, related: list[SubColumn], units: list[int], period: int
) -> _Search:
    merits = rank_correlation(search._target, search._columns)
    best = np.sort(np.argsort(-merits, kind="stable")[:_MOST_COLUMNS]).tolist()
    names = [related[place].name for place in best]
    return _Search(goal, names, [*(units[place] for place in best), units[-1]], period)


def _is_related(column: SubColumn, wanted: SubColumn) -> bool:
    """Whether both may stand in one sum; lengths of time are plain numbers."""
    if column.role != "number":
        return False
    families = {column.family, wanted.family}
    return len(families) == 1 or families <= {"number", "clock"} or families <= {"number", "time"}


def _common_units(columns: list[SubColumn], wanted: SubColumn) -> tuple[list[int], int]:
    """Integers that the steps are multiples of, without a common divisor; the period in them."""
    places = max(column.places for column in columns)
    ticks = max(column.ticks for column in columns)
    units = [_unit(column, places, ticks) for column in columns]
    cycle = wanted.period * _unit(wanted, places, ticks) // wanted.step if wanted.period else 0
    common = math.gcd(*units, cycle)
    return [unit // common for unit in units], cycle // common


def _unit(column: SubColumn, places: int, ticks: int) -> int:
    """One step in the smallest unit of all; a plain number beside times is in seconds."""
    unit = column.step * 10 ** (places - column.places)
    if ticks and column.ticks:
        return unit * (ticks // column.ticks)
    return unit * ticks if ticks else unit


def _fill_of_zero(column: SubColumn) -> int:
    """Return the integer of the value 0, or 0 if none has it."""
    return -column.offset // column.step if column.offset % column.step == 0 else 0


def _mode(values: Float64[np.ndarray, "_"]) -> tuple[float, int]:
    """Return the most frequent value and how many have it."""
    if not len(values):
        return 0.0, 0
    ascending = np.sort(values)
    starts = np.flatnonzero(np.concatenate([[True], ascending[1:] != ascending[:-1]]))
    counts = np.diff(starts, append=len(values))
    best = int(np.argmax(counts))
    return float(ascending[starts[best]]), int(counts[best])


def _mode_shares(table: Float64[np.ndarray, "columns rows"]) -> Float64[np.ndarray, "columns"]:
    """Return the share of the most frequent value of each column, if it is above a quarter.

    A value that fills a quarter of the rows is at one of four quarters of the sorted ones.
    """
    n_rows = table.shape[1]
    shares: list[Int64[np.ndarray, "columns"]] = []
    ascending = np.sort(table, axis=1)
    for place in (n_rows // 8, 3 * n_rows // 8, 5 * n_rows // 8, 7 * n_rows // 8):
        shares.append((ascending == ascending[:, place : place + 1]).sum(axis=1))
    return np.max(shares, axis=0) / n_rows if shares else np.zeros(len(table))
