"""How much work a budget of seconds allows, from sizes alone: no clock is looked at."""

from __future__ import annotations

from dataclasses import dataclass

#: Seconds of a present-day core: of a row of a sub-column, of a row that searches look at for each
#: way that contexts are grown for, and of anything else.
_ROW_S = 1.0e-6
_PICKED_S = 2.5e-6
_COLUMN_S = 0.012

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
    """

    picked: int = _MOST_PICKED
    trials: int = _MOST_TRIALS
    names: int = 48
    signals: int = 24
    leaves: int = 128
    has_pairs: bool = True


#: For comparing orders of sub-columns.
QUICK = Effort(8_000, 1, 32, 12, 32, has_pairs=False)
#: Rows of the table that orders are compared on.
QUICK_ROWS = 100_000


def quick_seconds(n_rows: int, n_columns: int) -> float:
    """Return the seconds of comparing one more order."""
    return n_columns * (min(n_rows, QUICK_ROWS) * _ROW_S + QUICK.picked * _PICKED_S + _COLUMN_S)


def effort_within(seconds: float, n_rows: int, n_columns: int) -> Effort:
    """Return the effort for each sub-column, so that all together take about so long."""
    left = seconds / max(n_columns, 1) - n_rows * _ROW_S - _COLUMN_S
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
