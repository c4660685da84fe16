"""How a sub-column is coded, in words."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ae_pipeline.table.model import (
    Bins,
    Dependence,
    Hierarchy,
    Linear,
    Neighbour,
    Previous,
    Relation,
    SubColumnModel,
    Term,
    Tree,
)
from ae_pipeline.table_fit.wording import way_of

LEAF = Tree((), np.array([-1], np.int16), np.zeros(1, np.int64), np.zeros(1, np.int32))
NODE = Tree((), np.array([0, -1, -1], np.int16), np.zeros(3, np.int64), np.zeros(3, np.int32))
NOTHING = np.zeros(0, np.int64)
BINS = Bins(NOTHING, NOTHING, np.zeros(0, np.int32), NOTHING, np.zeros(0, np.uint8))
PLAIN = SubColumnModel(
    name="total",
    keys=(),
    base=None,
    follows=False,
    labels=np.zeros(0, np.int32),
    guesses=(),
    bins=BINS,
    tree=LEAF,
    codes=np.ones((1, 1), np.uint8),
)
TERMS = (Term("fare", 1), Term("tip", 1))


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        (PLAIN, "values"),
        (replace(PLAIN, follows=True, tree=NODE), "changes; 2 contexts"),
        (replace(PLAIN, follows=True, keys=("car", "day")), "changes by car, day"),
        (replace(PLAIN, base=Linear(0, 1, TERMS)), "values; linear in fare, tip"),
        (replace(PLAIN, guesses=(Relation(0, 1, TERMS),)), "values; sum of fare, tip"),
        (
            replace(PLAIN, guesses=(Dependence(("zone",), NOTHING, NOTHING), Previous())),
            "values; depends on zone; repeats",
        ),
        (replace(PLAIN, guesses=(Previous(("car",)),)), "values; repeats by car"),
        (replace(PLAIN, hierarchy=Hierarchy(0, has_distances=True)), "between neighbours"),
        (
            replace(PLAIN, hierarchy=Hierarchy(0, False), guesses=(Neighbour(is_right=True),)),
            "between neighbours; equals a neighbour",
        ),
        (replace(PLAIN, guesses=(Relation(7, 1, ()),)), "values; one integer"),
        (
            replace(PLAIN, base=Linear(0, 1, tuple(Term(name, 1) for name in "abcde"))),
            "values; linear in a, b, c and 2 more",
        ),
    ],
)
def test_a_way_is_a_few_words(model: SubColumnModel, expected: str) -> None:
    """What is coded comes first, then what it depends on, then the contexts."""
    assert way_of(model) == expected
