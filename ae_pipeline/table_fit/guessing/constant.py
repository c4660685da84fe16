"""A guess that says one integer of all rows."""

from __future__ import annotations

import numpy as np

from ae_pipeline.table.model import Relation
from ae_pipeline.table_fit.goal import Goal


def find_constant(goal: Goal) -> list[Relation]:
    """Return the integer that most changes lead to, by their bits, as a guess.

    Numbers often have one that stands for none, far from those before and after it.
    """
    integers = goal.integers[goal.live]
    distinct, places = np.unique(integers, return_inverse=True)
    changes = np.diff(integers.astype(np.float64), prepend=float(integers[0]))
    bits = np.bincount(places, np.log2(1 + np.abs(changes)))
    return [Relation(int(distinct[bits.argmax()]), 1, ())]
