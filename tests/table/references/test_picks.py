"""What a block follows: the reference that repeats it, column by column, or none."""

from __future__ import annotations

import numpy as np

from ae_pipeline.mapping.subcolumn import Sequence
from ae_pipeline.table.references import STRETCH, References, pick_references

RNG = np.random.default_rng(3)
N_ROWS = 3 * STRETCH + 100


def rows(seed: int) -> dict[str, Sequence]:
    """Keys from 0 on, and two sub-columns."""
    random = np.random.default_rng(seed)
    return {
        "key": Sequence(np.arange(N_ROWS), None),
        "heat": Sequence(random.integers(0, 400, N_ROWS), None),
        "wind": Sequence(random.integers(0, 90, N_ROWS), None),
    }


def kept(*seeds: int) -> References:
    """References of rows with these seeds."""
    parts = [rows(seed) for seed in seeds]
    joined = {
        name: Sequence(np.concatenate([part[name].integers for part in parts]), None)
        for name in parts[0]
    }
    return References(("key",), ("heat", "wind"), joined, (N_ROWS,) * len(seeds))


def test_what_is_repeated_is_followed() -> None:
    """A block that repeats a reference follows it in every stretch and sub-column."""
    picks = pick_references(kept(1, 2), rows(2))
    assert picks.numbers.tolist() == [2, 2, 2, 2]
    assert picks.is_followed.all()


def test_what_is_new_follows_nothing() -> None:
    """Values that agree by chance are no reason to follow."""
    picks = pick_references(kept(1, 2), rows(3))
    assert not picks.numbers.any()
    assert not picks.is_followed.any()


def test_stretches_follow_by_themselves() -> None:
    """A block may follow one reference, then another, and in one of its sub-columns only."""
    first, second, own = rows(1), rows(2), rows(3)
    is_early = np.arange(N_ROWS) < STRETCH
    heat = np.where(is_early, first["heat"].integers, second["heat"].integers)
    block = {"key": own["key"], "heat": Sequence(heat, None), "wind": own["wind"]}
    picks = pick_references(kept(1, 2), block)
    assert picks.numbers.tolist() == [1, 2, 2, 2]
    assert picks.is_followed.tolist() == [[True] * 4, [False] * 4]


def test_few_changes_do_not_matter() -> None:
    """A block in which one row of fifty has changed still follows."""
    block = rows(1)
    changed = np.where(RNG.random(N_ROWS) < 0.02, 7, block["heat"].integers)
    picks = pick_references(kept(1), {**block, "heat": Sequence(changed, None)})
    assert picks.numbers.all()
    assert picks.is_followed.all()
