"""How much work a budget of seconds allows, from sizes alone: no clock is looked at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

#: Seconds of a present-day core: of a row of a sub-column, of a row that searches look at for each
#: way that contexts are grown for, and of anything else.
_ROW_S = 1.0e-6
_PICKED_S = 2.5e-6
_COLUMN_S = 0.04
#: Of a sub-column whose effort is plain.
_PLAIN_S = 0.01

_MOST_PICKED, _LEAST_PICKED = 40_000, 2_000
_MOST_TRIALS = 3


@dataclass(frozen=True)
class Effort:
    """How much work a sub-column is worth.

    Args:
        picked: rows that searches look at.
        trials: ways that contexts are grown for.
        names: known sub-columns that are looked at.
        signals: that a tree may ask for.
        leaves: contexts at most.
        has_pairs: try orders by two keys.
        is_plain: look for no predictions and guesses, only for contexts.
    """

    picked: int = _MOST_PICKED
    trials: int = _MOST_TRIALS
    names: int = 48
    signals: int = 24
    leaves: int = 128
    has_pairs: bool = True
    is_plain: bool = False


#: For comparing orders of sub-columns.
QUICK = Effort(8_000, 1, 32, 12, 32, has_pairs=False)
#: Rows of the table that orders are compared on.
QUICK_ROWS = 100_000


def quick_seconds(n_rows: int, n_columns: int) -> float:
    """Return the seconds of comparing one more order."""
    return n_columns * (min(n_rows, QUICK_ROWS) * _ROW_S + QUICK.picked * _PICKED_S + _COLUMN_S)


def most_seconds(budget_s: float, n_rows: int, n_columns: int) -> float:
    """Return the seconds that a fit takes at most: its budget, or those of the highest effort."""
    highest = n_rows * _ROW_S + _COLUMN_S + _PICKED_S * _MOST_PICKED * _MOST_TRIALS
    return min(budget_s, n_columns * highest)


def efforts_within(seconds: float, n_rows: int, costs: Mapping[str, float]) -> dict[str, Effort]:
    """Return an effort for each sub-column, so that all together take about so long.

    Where that is too short for all, those that cost most come first.

    Args:
        seconds: for all.
        n_rows: rows of the sample.
        costs: bytes of each sub-column.
    """
    least_s = n_rows * _ROW_S + _COLUMN_S + _PICKED_S * _LEAST_PICKED
    plain_s = n_rows * _ROW_S / 3 + _PLAIN_S
    n_full = int((seconds - len(costs) * plain_s) / (least_s - plain_s))
    if n_full >= len(costs):
        return dict.fromkeys(costs, _effort(seconds / max(len(costs), 1), n_rows))
    full = sorted(costs, key=lambda name: (-costs[name], name))[: max(n_full, 0)]
    return dict.fromkeys(costs, _PLAIN) | dict.fromkeys(full, _effort(least_s, n_rows))


#: The least there is.
_PLAIN = Effort(_LEAST_PICKED, 1, 8, 6, 16, has_pairs=False, is_plain=True)


def _effort(seconds: float, n_rows: int) -> Effort:
    """Return the effort for one sub-column."""
    left = seconds - n_rows * _ROW_S - _COLUMN_S
    trials = max(1, min(_MOST_TRIALS, int(left / (_PICKED_S * _MOST_PICKED / 4))))
    picked = int(max(_LEAST_PICKED, min(_MOST_PICKED, left / (_PICKED_S * trials))))
    if picked == _MOST_PICKED:
        return Effort(trials=trials)
    scale = picked / _MOST_PICKED
    return Effort(
        picked,
        trials,
        names=max(12, int(48 * scale**0.5)),
        signals=max(8, int(24 * scale**0.5)),
        leaves=max(24, int(128 * scale)),
        has_pairs=scale > 0.25,
    )
