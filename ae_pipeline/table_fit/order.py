"""The order in which sub-columns are coded."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ae_pipeline.table_fit.sample import TableSample

Order = tuple[str, ...]
#: Bytes of a sub-column, given those before it.
Cost = Callable[[str, Order], float]


def order_by_cost(sample: TableSample, costs: Mapping[str, float]) -> Order:
    """Return all names: lengths, validity and keys of references first, then what costs least.

    Parents, and the lengths of a space, come before what needs them; ranked sub-columns keep
    their order.

    Args:
        sample: of the table.
        costs: bytes of each sub-column.
    """
    columns = {column.name: column for column in sample.columns}
    needed = needed_before(sample)
    ordered: dict[str, None] = {}
    early = {*sample.given, *(key for keys in sample.given.values() for key in keys)}
    early |= {name for name in columns if columns[name].role in ("validity", "length")}
    waiting = sorted(columns, key=lambda name: (name not in early, costs[name], name))
    while waiting:
        ready = next(name for name in waiting if needed[name] <= ordered.keys())
        ordered[ready] = None
        waiting.remove(ready)
    return tuple(ordered)


def needed_before(sample: TableSample) -> dict[str, set[str]]:
    """Return the names that must come before each name."""
    needed = {
        column.name: {name for name in (column.parent, column.space) if name}
        for column in sample.columns
    }
    for name, keys in sample.given.items():
        needed[name].update(keys)
    for first, second in zip(sample.ranked, sample.ranked[1:], strict=False):
        needed[second].add(first)
    return needed


def improve_order(sample: TableSample, order: Order, cost: Cost, passes: int) -> Order:
    """Sort again and again by the costs measured in the last order; return the best order.

    Args:
        sample: of the table.
        order: to begin with.
        cost: measures one sub-column after others.
        passes: orders to measure.
    """
    best, least = order, float("inf")
    for _ in range(passes):
        costs = {name: cost(name, order[:place]) for place, name in enumerate(order)}
        if sum(costs.values()) < least:
            best, least = order, sum(costs.values())
        order = order_by_cost(sample, costs)
    return best
