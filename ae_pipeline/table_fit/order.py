"""The order in which sub-columns are coded."""

from __future__ import annotations

from collections.abc import Mapping

from ae_pipeline.mapping.subcolumn import SubColumn
from ae_pipeline.table_fit.sample import TableSample


def coding_order(sample: TableSample, costs: Mapping[str, float]) -> tuple[str, ...]:
    """Return all names: lengths and validity first, then what costs least.

    Parents, and the lengths of a space, come before what needs them; ranked sub-columns keep
    their order.

    Args:
        sample: of the table.
        costs: estimated bytes of each sub-column.
    """
    columns = {column.name: column for column in sample.columns}
    before = {name: _needed(column) for name, column in columns.items()}
    for first, second in zip(sample.ranked, sample.ranked[1:], strict=False):
        before[second].append(first)
    ordered: list[str] = []
    waiting = sorted(columns, key=lambda name: (_class(columns[name]), costs[name], name))
    while waiting:
        ready = next(name for name in waiting if all(x in ordered for x in before[name]))
        ordered.append(ready)
        waiting.remove(ready)
    return tuple(ordered)


def _class(column: SubColumn) -> int:
    return 0 if column.role in ("validity", "length") else 1


def _needed(column: SubColumn) -> list[str]:
    return [name for name in (column.parent, column.space) if name]
