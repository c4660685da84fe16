"""Write the golden streams of sub-columns, one for each feature of their models.

`tests/golden/table-4.0/NAME.json` has the packed table model, the integers of all sub-columns and
the stream, bytes as hex digits. Everything comes from formulas.

    python -m tests.support.golden.sub_columns

writes the cases that are missing. A case is never written twice.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ae_pipeline.mapping.subcolumn import Sequence
from ae_pipeline.table.between.own_signals import OWN_SIGNALS
from ae_pipeline.table.known import KnownRows
from ae_pipeline.table.model import (
    Bins,
    Dependence,
    Hierarchy,
    Linear,
    Neighbour,
    Previous,
    Relation,
    Signal,
    SubColumnModel,
    TableModel,
    Term,
    Tree,
)
from ae_pipeline.table.subcolumn_coder import SubColumnCoder
from ae_pipeline.table.table_file import pack_table
from ae_pipeline.table.trees import right_children
from tests.support.golden.reading import GOLDEN
from tests.support.strategies.table_models import COLUMNS, NAME, SUBCOLUMNS

FOLDER = GOLDEN / "table-4.0"
N_ROWS = 40
_PLACES = np.arange(N_ROWS)
#: Integers of the sub-columns that models ask for, by formula.
KNOWN = {
    "kind": Sequence(_PLACES * 7 % 4, None),
    "place": Sequence(_PLACES // 9, None),
    "size": Sequence(
        np.where(_PLACES * 7 % 4 % 3 > 0, _PLACES**2 % 50 - 20, 0), _PLACES * 7 % 4 % 3 > 0
    ),
    "time": Sequence(_PLACES * 11 // 3, None),
    "any": Sequence((_PLACES - 20) ** 11 * 7919, None),
}
_WAVE = _PLACES**2 * 37 % 90 - 30
_NO_INTEGERS, _NO_CODES = np.zeros(0, np.int64), np.zeros(0, np.uint8)
_LEAF = Tree((), np.array([-1], np.int16), np.zeros(1, np.int64), np.zeros(1, np.int32))
_ONE_BIN = Bins(np.array([-99]), np.array([99]), np.zeros(1, np.int32), _NO_INTEGERS, _NO_CODES)
_PLAIN = SubColumnModel(
    NAME,
    (),
    None,
    False,
    np.zeros(0, np.int32),
    (),
    _ONE_BIN,
    _LEAF,
    np.array([[20, 1]], np.uint8),
)


@dataclass(frozen=True)
class Case:
    """A model and the integers that are coded with it."""

    model: SubColumnModel
    sequence: Sequence


def _guessing(integers: np.ndarray, *guesses: Relation | Dependence | Previous) -> Case:
    codes = np.array([[*[9] * len(guesses), 8, 1]], np.uint8)
    return Case(replace(_PLAIN, guesses=guesses, codes=codes), Sequence(integers, None))


def _asking(signal: Signal, threshold: int) -> Case:
    asks = [0, -1, -1]
    tree = Tree(
        (signal,),
        np.array(asks, np.int16),
        np.array([threshold, 0, 0]),
        np.array(right_children(asks), np.int32),
    )
    low, high = np.array([-99, 0]), np.array([-1, 99])
    bins = Bins(low, high, np.zeros(2, np.int32), _NO_INTEGERS, _NO_CODES)
    codes = np.array([[20, 4, 1], [3, 16, 1]], np.uint8)
    return Case(replace(_PLAIN, tree=tree, bins=bins, codes=codes), Sequence(_WAVE, None))


_SIDES = (Neighbour(is_right=False), Neighbour(is_right=True))


def _between(
    integers: np.ndarray, has_distances: bool, live: np.ndarray | None = None, **parts: Any
) -> Case:
    model = replace(_PLAIN, hierarchy=Hierarchy(7, has_distances), **parts)
    n_leaves = int((model.tree.asks < 0).sum())
    codes = np.array([[9] * len(model.guesses) + [20, 1 + leaf] for leaf in range(n_leaves)])
    return Case(replace(model, codes=codes.astype(np.uint8)), Sequence(integers, live))


def _neighbours() -> Tree:
    """A tree that asks for all signals of the sub-column itself."""
    asks = [0, 1, -1, 5, -1, -1, 2, -1, 3, -1, 4, -1, -1]
    thresholds = np.where(np.array(asks) >= 0, 3, 0)
    signals = tuple(map(Signal, OWN_SIGNALS))
    rights = np.array(right_children(asks), np.int32)
    return Tree(signals, np.array(asks, np.int16), thresholds, rights)


def _cases() -> dict[str, Case]:
    lists = Bins(
        np.array([-30, 10, 12]),
        np.array([9, 10, 70]),
        np.array([3, 0, 2], np.int32),
        np.array([-30, -3, 9, 12, 70]),
        np.array([9, 12, 1, 5, 5], np.uint8),
    )
    wide = Bins(
        np.array([-(1 << 63), 0, 1 << 40]),
        np.array([-1, 1 << 20, (1 << 63) - 1]),
        np.zeros(3, np.int32),
        _NO_INTEGERS,
        _NO_CODES,
    )
    base = Linear(3, 2, (Term("time", 9), Term("size", -2, is_lag=True, fill=7)))
    listed = np.array([-30, -3, 9, 10, 12, 70, 11])[_PLACES % 7]
    halves = np.where(_PLACES % 5, KNOWN["time"].integers * 3 // 2, 5)
    keys, values = np.array([0, 1, (2 << 20) + 1]), np.array([4, -4, 44])
    repeats = _PLACES // 3 * 5 % 17
    steps = np.cumsum(_PLACES % 4)
    return {
        "plain": Case(_PLAIN, Sequence(_WAVE, None)),
        "nulls": Case(_PLAIN, Sequence(np.where(_PLACES % 3, _WAVE, 0), _PLACES % 3 > 0)),
        "lists": Case(
            replace(_PLAIN, bins=lists, codes=np.array([[20, 9, 9, 6]], np.uint8)),
            Sequence(listed, None),
        ),
        "wide": Case(
            replace(_PLAIN, bins=wide, codes=np.array([[9, 9, 9, 1]], np.uint8)), KNOWN["any"]
        ),
        "escapes": Case(_PLAIN, Sequence(np.where(_PLACES % 9, _WAVE, _WAVE << 50), None)),
        "labels": Case(
            replace(_PLAIN, labels=(np.arange(31, dtype=np.int32) * 12 % 31)),
            Sequence(_WAVE, None),
        ),
        "base": Case(
            replace(_PLAIN, base=base), Sequence(KNOWN["time"].integers * 2 + _WAVE, None)
        ),
        "follows": Case(replace(_PLAIN, follows=True, base=base), Sequence(steps * 9, None)),
        "keys": Case(replace(_PLAIN, follows=True, keys=("kind", "size")), Sequence(_WAVE, None)),
        "relation": _guessing(halves, Relation(0, 2, (Term("time", 3),))),
        "cycle-relation": _guessing(
            KNOWN["time"].integers % 24 + 1, Relation(0, 1, (Term("time", 1),), 1, 24)
        ),
        "dependence": _guessing(
            np.array([4, -4, 44])[_PLACES % 3],
            Dependence(("kind",), np.array([1, 2, 4]), np.array([4, -4, 44])),
            Dependence(("place", "kind"), np.sort(keys), values),
        ),
        "previous": _guessing(repeats, Previous(("place",)), Previous(())),
        "value": _asking(Signal("value", ("size",)), 0),
        "lag": _asking(Signal("lag", ("size",)), 0),
        "cycle": _asking(Signal("cycle", ("time",), (3600, 24)), 11),
        "rank": _asking(Signal("rank", ("kind",), (5, 2, 9, 0)), 4),
        "since": _asking(Signal("since", ("place",)), 3),
        "till": _asking(Signal("till", ("place",)), 3),
        "linear": _asking(Signal("linear", linear=base), 100),
        "first": _asking(Signal("first", ("kind", "place")), 0),
        "between": _between(_WAVE, has_distances=False),
        "between-nulls": _between(np.where(_PLACES % 3, _WAVE, 0), False, live=_PLACES % 3 > 0),
        "between-guesses": _between(repeats, False, guesses=_SIDES),
        "between-distances": _between(_PLACES**2 // 9, True, keys=("kind",)),
        "between-base": _between(KNOWN["time"].integers * 2 + _WAVE, True, base=base),
        "between-signals": _between(_WAVE, True, tree=_neighbours()),
    }


CASES = _cases()


def model_content(case: Case) -> bytes:
    """The packed table of a case."""
    return pack_table(TableModel((*COLUMNS, NAME), (case.model,)), SUBCOLUMNS)


def known_rows() -> KnownRows:
    """The rows of all cases."""
    known = KnownRows(N_ROWS, COLUMNS)
    for name, sequence in KNOWN.items():
        known.add(name, sequence)
    return known


def describe(name: str) -> dict[str, object]:
    """Return a case as it is stored."""
    case = CASES[name]
    live = case.sequence.live
    return {
        "model": model_content(case).hex(),
        "stream": SubColumnCoder(case.model).encode(known_rows(), case.sequence).hex(),
        "integers": case.sequence.integers.tolist(),
        "live": None if live is None else live.tolist(),
        "known": {known: sequence.integers.tolist() for known, sequence in KNOWN.items()},
    }


def main() -> None:
    """Write the cases that are missing."""
    FOLDER.mkdir(exist_ok=True)
    for name in CASES:
        path = FOLDER / f"{name}.json"
        if not path.exists():
            path.write_text(json.dumps(describe(name)) + "\n", encoding="utf-8")
            sys.stdout.write(f"{name}: written\n")


if __name__ == "__main__":
    main()
