"""Bytes of each column of an archive: as plain Parquet and coded, and how it is coded."""

from __future__ import annotations

from collections.abc import Sequence

from ae_pipeline.report.tables.table import Cell, Table
from ae_pipeline.results.fit import ColumnCost

_PLAIN = "plain, readable in place"
_NOTE = (
    "coded: in blocks, with the column's part of the model; - was not measured. way: of what takes "
    "most of the column. from: other columns that a reader of this one decodes, at most; "
    "columns.chain bounds it. Extrapolated from a sample when the codec was fitted; the total "
    "counts each column as it is stored. columns.keep keeps a column plain, columns.code=all codes "
    "every one."
)


def cost_tables(costs: Sequence[ColumnCost]) -> list[Table]:
    """The table of costs, if they are known."""
    return [cost_table(costs)] if costs else []


def cost_table(costs: Sequence[ColumnCost]) -> Table:
    """One row per column, those that take most first."""
    ranked = sorted(costs, key=lambda cost: -cost.taken_bytes)
    return Table(
        title="Columns: bytes as plain Parquet and coded",
        headings=("column", "plain", "coded", "from", "way"),
        rows=tuple(map(_row, ranked)),
        footer=("all columns", *_sums(ranked)),
        note=_NOTE,
    )


def _row(cost: ColumnCost) -> tuple[Cell, ...]:
    way = (cost.way or "as a whole") if cost.is_coded else _PLAIN
    is_known = cost.is_coded or cost.plain_bytes
    n_needed = cost.n_needed if cost.is_coded else None
    return (cost.name, cost.plain_bytes if is_known else None, _coded(cost), n_needed, way)


def _coded(cost: ColumnCost) -> int | None:
    """Bytes of a column in blocks, its model counted; None if it was kept without measuring."""
    return cost.coded_bytes + cost.model_bytes or (0 if cost.is_coded else None)


def _sums(costs: Sequence[ColumnCost]) -> tuple[int, int, int, str]:
    """Totals: all plain, and each column as it is stored; and the most that one is decoded from."""
    n_coded = sum(cost.is_coded for cost in costs)
    plain = sum(cost.plain_bytes for cost in costs)
    n_needed = max((cost.n_needed for cost in costs), default=0)
    taken = sum(cost.taken_bytes for cost in costs)
    return plain, taken, n_needed, f"{n_coded:,} of {len(costs):,} coded"
