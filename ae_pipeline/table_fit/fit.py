"""Learning the model of a whole table, within a budget of work."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ae_pipeline.mapping.subcolumn import SubColumn
from ae_pipeline.table.model import SubColumnModel, TableModel
from ae_pipeline.table.references import hint_of
from ae_pipeline.table.subcolumn_coder import needs_of
from ae_pipeline.table_fit.direct import direct_bytes
from ae_pipeline.table_fit.effort import (
    QUICK,
    QUICK_ROWS,
    Effort,
    efforts_within,
    quick_seconds,
)
from ae_pipeline.table_fit.goal import make_goal
from ae_pipeline.table_fit.order import Order, improve_order, order_by_cost
from ae_pipeline.table_fit.sample import TableSample
from ae_pipeline.table_fit.search import search
from ae_pipeline.table_fit.space_rows import SpaceRows, make_spaces
from ae_pipeline.table_fit.trial import Learned
from ae_pipeline.table_fit.trimming import trim
from ae_pipeline.table_fit.wording import BY_ITSELF, way_of

#: A sub-column that costs less than this without a model needs none.
_LEAST_BYTES = 64
#: Share of the budget that goes into finding the order, and orders compared at most.
_ORDER_SHARE = 0.35
_MOST_PASSES = 4


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
    """A learned model and its costs.

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
        budget_s: seconds of a present-day core that the work may take; it bounds work by sizes,
            so equal input gives equal models everywhere.
        progress: called with the number of sub-columns done, of all, and the name of the next.
        most_depth: longest chain of sub-columns that need each other.
    """
    direct = {
        column.name: 0.0 if column.name in sample.given else float(direct_bytes(sample, column))
        for column in sample.columns
    }
    worth = [name for name in direct if direct[name] >= _LEAST_BYTES]
    n_rows = max((len(s.integers) for s in sample.sequences.values()), default=0)
    passes = int(_ORDER_SHARE * budget_s / max(quick_seconds(n_rows, len(worth)), 1e-9))
    passes = min(passes, _MOST_PASSES)
    order = order_by_cost(sample, direct)
    if passes > 1:
        order = improve_order(sample, order, _QuickCost(sample, direct), passes)
    share = 1 - _ORDER_SHARE if passes > 1 else 1.0
    efforts = efforts_within(share * budget_s, n_rows, {name: direct[name] for name in worth})
    learner = _Learner(sample, direct, efforts, most_depth)
    for number, name in enumerate(order):
        progress(number, len(order), name)
        learner.learn(name)
    progress(len(order), len(order), "")
    models = tuple(learner.models[name] for name in order if name in learner.models)
    return FittedTable(TableModel(order, models), learner.costs)


class _QuickCost:
    """Bytes of a sub-column after others, from few rows."""

    def __init__(self, sample: TableSample, direct: Mapping[str, float]) -> None:
        self._sample, self._direct = trim(sample, QUICK_ROWS), direct
        self._columns = {column.name: column for column in sample.columns}
        self._spaces = make_spaces(self._sample, QUICK.picked)
        for name, column in self._columns.items():
            self._spaces[column.space].add(name, self._sample.sequences[name])
        self._measured: dict[tuple[str, frozenset[str]], float] = {}

    def __call__(self, name: str, before: Order) -> float:
        direct = self._direct[name]
        if direct < _LEAST_BYTES:
            return direct
        space = self._spaces[self._columns[name].space]
        names = [known for known in before if known in space.varied]
        key = name, frozenset(names)
        if key not in self._measured:
            found = _search(space, self._columns[name], self._sample, names, QUICK)
            self._measured[key] = min(direct, float(found.n_bytes)) if found else direct
        return self._measured[key]


def _search(
    space: SpaceRows, column: SubColumn, sample: TableSample, names: list[str], effort: Effort
) -> Learned | None:
    goal = make_goal(space, column, sample.sequences[column.name], effort.picked)
    if not len(goal.picked):
        return None
    near = space.sketches.nearest(goal.integers, names, effort.names)
    hint = hint_of(column.name)
    return search(goal, near if hint in near or hint not in names else [*near, hint], effort)


class _Learner:
    def __init__(
        self,
        sample: TableSample,
        direct: Mapping[str, float],
        efforts: Mapping[str, Effort],
        most_depth: int,
    ) -> None:
        self._sample, self._direct, self._efforts = sample, direct, efforts
        self._most_depth = most_depth
        self._columns = {column.name: column for column in sample.columns}
        self._spaces = make_spaces(
            sample, max((effort.picked for effort in efforts.values()), default=1)
        )
        self._depth: dict[str, int] = {}
        self.models: dict[str, SubColumnModel] = {}
        self.costs: dict[str, SubColumnCost] = {}

    def learn(self, name: str) -> None:
        column, direct = self._columns[name], int(self._direct[name])
        space = self._spaces[column.space]
        found = None
        if name in self._efforts:
            names = [known for known in space.names if self._depth[known] < self._most_depth]
            found = _search(space, column, self._sample, names, self._efforts[name])
        if found is not None and found.n_bytes < direct:
            self.models[name] = found.model
            coded = int(found.coded_bits / 8)
            self.costs[name] = SubColumnCost(direct, coded, found.model_bytes, way_of(found.model))
        else:
            self.costs[name] = SubColumnCost(direct, direct, 0, BY_ITSELF)
        self._depth[name] = 1 + max((self._depth[need] for need in self._needs(column)), default=0)
        space.add(name, self._sample.sequences[name])

    def _needs(self, column: SubColumn) -> set[str]:
        needs = {name for name in (column.parent, column.space) if name}
        needs.update(self._sample.given.get(column.name, ()))
        model = self.models.get(column.name)
        return needs | (set(needs_of(model)) if model else set())
