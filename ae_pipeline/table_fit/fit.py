"""Learning the model of a whole table, within a budget of work."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from ae_pipeline.coding.entropy import pack_integers
from ae_pipeline.mapping.subcolumn import Sequence, SubColumn
from ae_pipeline.table.model import SubColumnModel, TableModel
from ae_pipeline.table.subcolumn_coder import needs_of
from ae_pipeline.table_fit.goal import make_goal
from ae_pipeline.table_fit.order import coding_order
from ae_pipeline.table_fit.sample import TableSample
from ae_pipeline.table_fit.search import Effort, search
from ae_pipeline.table_fit.space_rows import SpaceRows
from ae_pipeline.table_fit.trial import Learned

#: A sub-column that costs less than this without a model needs none.
_LEAST_BYTES = 64


@dataclass(frozen=True)
class SubColumnCost:
    """Bytes of one sub-column in the whole archive, as estimated.

    Args:
        direct_bytes: without a model.
        coded_bytes: with its model, if it has one.
        model_bytes: of the model; 0 without.
        way: how it is coded, in a few words.
    """

    direct_bytes: int
    coded_bytes: int
    model_bytes: int
    way: str


@dataclass(frozen=True)
class FittedTable:
    """What was learned.

    Args:
        model: of the table.
        costs: by sub-column.
    """

    model: TableModel
    costs: Mapping[str, SubColumnCost]


def fit_table(
    sample: TableSample,
    budget_s: float,
    progress: Callable[[int, int, str], object] = lambda done, total, name: None,
    most_depth: int = 16,
) -> FittedTable:
    """Learn how to code each sub-column from those before it.

    Args:
        sample: rows to learn from.
        budget_s: seconds of a present-day core that the work may take.
        progress: called with the number of sub-columns done, of all, and the name of the next.
        most_depth: longest chain of sub-columns that need each other.
    """
    direct = {column.name: _direct_bytes(sample, column) for column in sample.columns}
    order = coding_order(sample, direct)
    learner = _Learner(sample, direct, most_depth)
    for number, name in enumerate(order):
        progress(number, len(order), name)
        learner.learn(name)
    progress(len(order), len(order), "")
    models = tuple(learner.models[name] for name in order if name in learner.models)
    return FittedTable(TableModel(order, models), learner.costs)


class _Learner:
    def __init__(self, sample: TableSample, direct: Mapping[str, int], most_depth: int) -> None:
        self._sample, self._direct, self._most_depth = sample, direct, most_depth
        self._columns = {column.name: column for column in sample.columns}
        self._spaces = {
            space: _make_space(sample, space) for space in {c.space for c in sample.columns}
        }
        self._depth: dict[str, int] = {}
        self.models: dict[str, SubColumnModel] = {}
        self.costs: dict[str, SubColumnCost] = {}

    def learn(self, name: str) -> None:
        column, sequence = self._columns[name], self._sample.sequences[name]
        space, direct = self._spaces[column.space], self._direct[name]
        found = None
        if direct >= _LEAST_BYTES:
            goal = make_goal(space, column, sequence)
            names = [known for known in space.names if self._depth[known] < self._most_depth]
            found = search(goal, names, Effort())
        if found is not None and found.n_bytes < direct:
            self.models[name] = found.model
            coded = int(found.coded_bits / 8)
            self.costs[name] = SubColumnCost(direct, coded, found.model_bytes, _words(found))
        else:
            self.costs[name] = SubColumnCost(direct, direct, 0, "direct")
        self._depth[name] = 1 + max((self._depth[need] for need in self._needs(column)), default=0)
        space.add(name, sequence)

    def _needs(self, column: SubColumn) -> set[str]:
        needs = {column.parent} if column.parent else set()
        model = self.models.get(column.name)
        return needs | (set(needs_of(model)) if model else set())


def _make_space(sample: TableSample, space: str) -> SpaceRows:
    columns = {column.name: column for column in sample.columns}
    first = next(column.name for column in sample.columns if column.space == space)
    starts = sample.item_starts[space] if space else sample.starts
    n_rows = len(sample.sequences[first].integers)
    return SpaceRows(columns, starts, n_rows, sample.share, 40_000)


def _direct_bytes(sample: TableSample, column: SubColumn) -> int:
    sequence = sample.sequences[column.name]
    starts = sample.item_starts[column.space] if column.space else sample.starts
    n_bytes = sum(len(pack_integers(part)) for part in _runs(sequence, starts))
    return round(n_bytes * sample.share)


def _runs(sequence: Sequence, starts: np.ndarray) -> list[np.ndarray]:
    integers = np.split(sequence.integers, starts[1:])
    if sequence.live is None:
        return integers
    live = np.split(sequence.live, starts[1:])
    return [part[is_live] for part, is_live in zip(integers, live, strict=True)]


def _words(found: Learned) -> str:
    model = found.model
    words = ["changes" if model.follows else "direct"]
    if model.base is not None:
        words.append(f"linear of {len(model.base.terms)}")
    if model.keys:
        words.append(f"by {', '.join(model.keys)}")
    words += [type(guess).__name__.lower() for guess in model.guesses]
    return ", ".join([*words, f"{int((model.tree.asks < 0).sum())} contexts"])
