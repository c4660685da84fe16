"""The best model of one sub-column: ways to make targets, guesses, contexts, by estimated bits."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ae_pipeline.table.model import Guess, Linear, Previous, Signal
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
from ae_pipeline.table_fit.guessing.dependence import find_cycle, find_dependences
from ae_pipeline.table_fit.guessing.keys import KeyOrder, find_orders
from ae_pipeline.table_fit.guessing.linear import fit_changes, fit_linear
from ae_pipeline.table_fit.guessing.relations import find_relations
from ae_pipeline.table_fit.trial import way_bytes as way_b, HitTable, Learned, Trial, Way

_MOST_ALPHABET = 200


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
    import os, time
    if effort.trials > 1 and os.environ.get("BETWEEN", "1") == "1":
        t0 = time.process_time()
        hits_n = [guess for guess in trials[rated[0][1]].way.guesses]
        guesses = max((t.way.guesses for t in trials), key=len)
        between = [Trial(goal, way, hits) for way in between_ways(goal, _numbers(goal, names), list(guesses))]
        rb = sorted((t.quick_bits(), i) for i, t in enumerate(between))
        t1 = time.process_time()
        lb = [_learn(goal, names, between[i], linear, effort) for _, i in rb[:2]]
        t2 = time.process_time()
        f = lambda t: "rf" if not t.way.hierarchy else f"{'r' if t.way.labels is not None else ''}{'d' if t.way.hierarchy.has_distances else 'h'}{'l' if t.way.base else ''}{len(t.way.guesses)}"
        print(goal.column.name, "plain", [(round(b / 8), round(l.n_bytes)) for (b, _), l in zip(rated, learned)],
              "between", [(round(b / 8), f(between[i])) for b, i in rb], [round(l.n_bytes) for l in lb], round(t1-t0,2), round(t2-t1,2), flush=True)
        learned += lb
        if goal.column.name in os.environ.get("DEBUG", "").split(","):
            for (b, i) in rated:
                w = trials[i].way
                print("   ", round(b / 8), w.keys, w.follows, w.base and len(w.base.terms), [(type(g).__name__, getattr(g, "sources", None) or getattr(g, "keys", None), len(getattr(g, "keys", ()))) for g in w.guesses], way_b(w))
    return min(learned, key=lambda found: found.n_bytes)


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
    if goal.column.role != "validity":
        guesses += [found.relation for found in find_relations(goal, names)]
        guesses += find_cycle(goal, _numbers(goal, names))
        guesses += find_dependences(goal, names)
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
