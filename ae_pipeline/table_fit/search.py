"""The best model of one sub-column: ways to make targets, guesses, contexts, by estimated bits."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ae_pipeline.table.model import Guess, Linear, Previous, Relation, Signal, Term
from ae_pipeline.table.references import hint_of
from ae_pipeline.table_fit.contexts.ranks import group_labels
from ae_pipeline.table_fit.contexts.screening import (
    general_signals,
    own_signals,
    ranked_signals,
    screen,
    special_signals,
)
from ae_pipeline.table_fit.effort import Effort
from ae_pipeline.table_fit.goal import Goal
from ae_pipeline.table_fit.guessing.between import between_ways
from ae_pipeline.table_fit.guessing.constant import find_constant
from ae_pipeline.table_fit.guessing.dependence import find_cycle, find_dependences
from ae_pipeline.table_fit.guessing.keys import KeyOrder, find_orders
from ae_pipeline.table_fit.guessing.linear import fit_changes, fit_linear
from ae_pipeline.table_fit.guessing.relations import find_relations
from ae_pipeline.table_fit.trial import HitTable, Learned, Trial, Way

_MOST_ALPHABET = 200
#: Neighbours are signals, so rows between them gain more by contexts than others do.
_MOST_BITS_BETWEEN = 1.5


def search(goal: Goal, names: list[str], effort: Effort) -> Learned:
    """Return the best model found.

    Args:
        goal: with integers that vary.
        names: sub-columns that it may ask for.
        effort: bounds the work.
    """
    hits = HitTable(goal)
    linear = None if effort.is_plain else _linear(goal, names)
    ways = _plain_ways(goal) if effort.is_plain else _all_ways(goal, names, linear, hits, effort)
    trials = [Trial(goal, way, hits) for way in ways]
    rated = sorted(
        ((trial.quick_bits(), place) for place, trial in enumerate(trials)),
    )
    least = rated[0][0]
    kept = [place for bits, place in rated if bits < 1.5 * least + 16_000][: effort.trials]
    learned = [_learn(goal, names, trials[place], linear, effort) for place in kept]
    if not effort.is_plain and effort.trials > 1:
        guesses = max((trial.way.guesses for trial in trials), key=len)
        between = [
            Trial(goal, way, hits) for way in between_ways(goal, _numbers(goal, names), guesses)
        ]
        learned += [
            _learn(goal, names, trial, linear, effort) for trial in _promising(between, least)
        ]
    return min(learned, key=lambda found: found.n_bytes)


def _promising(trials: list[Trial], least: float) -> list[Trial]:
    """Return the best of some trials, if contexts may bring it below the bits of others."""
    rated = [(trial.quick_bits(), place) for place, trial in enumerate(trials)]
    bits, place = min(rated)
    return [trials[place]] if bits < _MOST_BITS_BETWEEN * least else []


def _plain_ways(goal: Goal) -> list[Way]:
    repeats = replace(Way(), guesses=(Previous(),))
    return [Way(), repeats] if goal.column.role == "validity" else [Way(), Way(follows=True)]


def _all_ways(
    goal: Goal, names: list[str], linear: Linear | None, hits: HitTable, effort: Effort
) -> list[Way]:
    orders = find_orders(goal, names, effort.has_pairs)
    guesses = _worth_it(goal, hits, _find_guesses(goal, names, orders))
    return _ways(goal, names, orders, linear, guesses)


def _numbers(goal: Goal, names: list[str]) -> list[str]:
    columns = goal.space.columns
    return [
        name for name in names if columns[name].role != "category" and goal.space.largest(name) > 1
    ]


def _linear(goal: Goal, names: list[str]) -> Linear | None:
    if goal.column.role == "category" or goal.span <= 8:
        return None
    return fit_linear(goal, _numbers(goal, names))


def _find_guesses(goal: Goal, names: list[str], orders: list[KeyOrder]) -> list[Guess]:
    guesses: list[Guess] = []
    if (hint := hint_of(goal.column.name)) in names:
        guesses.append(Relation(0, 1, (Term(hint, 1),)))
    if goal.column.role != "validity":
        guesses += [found.relation for found in find_relations(goal, names)]
        guesses += find_cycle(goal, _numbers(goal, names))
        guesses += find_dependences(goal, names)
        guesses += find_constant(goal)
    guesses += [Previous(order.keys) for order in orders[:2] if order.same > 0.02]
    return guesses


def _worth_it(goal: Goal, hits: HitTable, guesses: list[Guess]) -> list[Guess]:
    """Keep guesses that hold for rows which those before them miss, the most frequent first."""
    left = np.ones(len(goal.picked), bool)
    kept: list[Guess] = []
    right = {place: hits.of(guess)[goal.picked] for place, guess in enumerate(guesses)}
    while right:
        place = max(right, key=lambda place: (int((right[place] & left).sum()), -place))
        gained = float((right[place] & left).mean())
        if gained < 0.02 or len(kept) == 4:
            break
        kept.append(guesses[place])
        left &= ~right.pop(place)
    return kept


def _ways(
    goal: Goal,
    names: list[str],
    orders: list[KeyOrder],
    linear: Linear | None,
    guesses: list[Guess],
) -> list[Way]:
    ways = [Way(labels=_labels(goal, names))]
    if linear is not None:
        ways.append(Way(base=linear))
    if goal.column.role != "validity":
        for order in orders:
            ways.append(Way(keys=order.keys, follows=True))
            changes = _changes(goal, names, order)
            if changes is not None:
                ways.append(Way(keys=order.keys, base=changes, follows=True))
    with_guesses: list[Way] = []
    for way in ways:
        used = [guess for guess in guesses if not (way.follows and isinstance(guess, Previous))]
        if used:
            with_guesses.append(replace(way, guesses=tuple(used)))
        if len(used) > 1:
            with_guesses += [replace(way, guesses=(used[0],))]
    return [*ways, *with_guesses]


def _changes(goal: Goal, names: list[str], order: KeyOrder) -> Linear | None:
    if goal.column.role == "category" or goal.span <= 8:
        return None
    before = goal.space.before_rows(order.keys, goal.picked)
    return fit_changes(goal, _numbers(goal, names), before)


def _labels(goal: Goal, names: list[str]) -> np.ndarray | None:
    if goal.column.role != "category" or goal.integers.min() < 0:
        return None
    distinct = len(np.unique(goal.integers[goal.picked]))
    if distinct <= _MOST_ALPHABET or goal.integers.max() >= 1 << 20:
        return None
    return group_labels(goal.space, names, goal.integers[goal.live], goal.live).astype(np.int32)


def _learn(
    goal: Goal, names: list[str], trial: Trial, linear: Linear | None, effort: Effort
) -> Learned:
    tokens = trial.tokens_by_row[goal.picked]
    n_tokens = trial.n_tokens
    special = [] if linear is None else [Signal("linear", linear=linear)]
    orders = [guess.keys for guess in trial.way.guesses if isinstance(guess, Previous)]
    for keys in dict.fromkeys([trial.way.keys, *orders]):
        if keys:
            special.append(Signal("first", keys))
    candidates = general_signals(goal, set(names)) + special_signals(goal, special)
    candidates += own_signals(goal, trial.own)
    chosen = screen(candidates, tokens, n_tokens, goal.scale, effort.signals)
    ranked = list(
        dict.fromkeys(found.signal.sources[0] for found in chosen if found.signal.kind == "value")
    )
    chosen = chosen + ranked_signals(goal, ranked, tokens, n_tokens)
    chosen = screen(chosen, tokens, n_tokens, goal.scale, effort.signals)
    return trial.learn(chosen, effort.leaves)
