"""Signals that tell most of the tokens, by mutual information less what asking costs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Int64

from ae_pipeline.table.model import Signal
from ae_pipeline.table.trees import OwnSignals
from ae_pipeline.table_fit.contexts.bits import ENTRY_BITS, entropy_bits, rows_entropy_bits
from ae_pipeline.table_fit.contexts.ranks import is_rankable, rank_signals
from ae_pipeline.table_fit.contexts.tree import BinnedSignal, bin_signal
from ae_pipeline.table_fit.goal import Goal

Tokens = Int64[np.ndarray, "_"]

_MOST_SCREENED_ROWS = 20_000


@dataclass(frozen=True)
class Screened:
    """A signal with its values in the picked rows, and the bits of what it needs to know."""

    signal: Signal
    binned: BinnedSignal

    @property
    def price_bits(self) -> float:
        """Bits of ranks; anything else is small."""
        if self.signal.kind != "rank":
            return 0.0
        return len(self.signal.numbers) * np.log2(max(self.signal.numbers) + 1.0)


def screen(
    candidates: list[Screened], tokens: Tokens, n_tokens: int, scale: float, most: int
) -> list[Screened]:
    """Return the signals that tell most, the best first."""
    step = max(1, len(tokens) // _MOST_SCREENED_ROWS)
    some = tokens[::step]
    present, dense = np.unique(some, return_inverse=True)
    size = len(present)
    total = entropy_bits(np.bincount(dense))
    gains = []
    for candidate in candidates:
        cells = candidate.binned.codes[::step].astype(np.int64) * size + dense
        table = np.bincount(cells, minlength=candidate.binned.size * size).reshape(-1, size)
        gain = (total - float(rows_entropy_bits(table).sum())) * scale * step
        entries = 0.5 * ENTRY_BITS * (int((table > 0).sum()) - size)
        gains.append(gain - entries - candidate.price_bits)
    best = np.argsort(-np.array(gains), kind="stable")[:most].tolist()
    return [candidates[place] for place in best if gains[place] > 0]


def general_signals(goal: Goal, names: set[str]) -> list[Screened]:
    """Return the signals of known sub-columns in the picked rows."""
    places = goal.space.places(goal.picked)
    is_shared = bool((places >= 0).all())
    found = []
    for signal, binned in goal.space.binned_signals(names):
        if is_shared:
            is_all = len(places) == len(goal.space.picked)
            codes = binned.codes if is_all else binned.codes[places]
            found.append(Screened(signal, BinnedSignal(binned.thresholds, codes)))
        else:
            found.append(Screened(signal, bin_signal(goal.space.known.signal(signal)[goal.picked])))
    return [candidate for candidate in found if candidate.binned.size > 1]


def special_signals(goal: Goal, signals: list[Signal]) -> list[Screened]:
    """Bin signals that serve this goal alone."""
    made = [
        Screened(signal, bin_signal(goal.space.known.signal(signal)[goal.picked]))
        for signal in signals
    ]
    return [candidate for candidate in made if candidate.binned.size > 1]


def own_signals(goal: Goal, own: OwnSignals) -> list[Screened]:
    """Bin signals of the sub-column itself."""
    made = [Screened(Signal(kind), bin_signal(own[kind][goal.picked])) for kind in own]
    return [candidate for candidate in made if candidate.binned.size > 1]


def ranked_signals(goal: Goal, names: list[str], tokens: Tokens, n_tokens: int) -> list[Screened]:
    """Return orders of the categories of some sub-columns, found for these tokens."""
    signals: list[Signal] = []
    for name in names:
        if is_rankable(goal.space, name):
            values = goal.space.values_at(name, goal.picked)
            signals += rank_signals(goal.space, name, values, tokens, n_tokens)
    made = []
    for signal in signals:
        ranks = np.array(signal.numbers)[goal.space.values_at(signal.sources[0], goal.picked)]
        made.append(Screened(signal, bin_signal(ranks)))
    return [candidate for candidate in made if candidate.binned.size > 1]
