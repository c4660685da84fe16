"""How much of each column a tolerance preserves."""

from __future__ import annotations

from collections.abc import Sequence

from ae_pipeline.report.tables.table import Cell, Table
from ae_pipeline.results.fidelity import ColumnFidelity

#: Of more rows than this the first are read.
_MOST_ROWS = 20
_NOTE = (
    "R2: share of the variance kept; bulk R2: the least share without outliers and frequent "
    "values. Promises are in units of the column. kept: at least 0.99 and 0.95; flattened: one "
    "below 0.9, or the tolerance above the quartile range."
)


def fidelity_table(columns: Sequence[ColumnFidelity], title: str = "What columns keep") -> Table:
    """One row per feature column: promise, R2, distinct values before and after, verdict.

    A long table starts with the columns that lose their meaning.
    """
    shown = columns
    if len(columns) > _MOST_ROWS:
        shown = sorted(columns, key=lambda column: (not column.is_flattened, column.keeps_meaning))
        title = f"{title} (the worst first)"
    return Table(
        title=title,
        headings=(
            *("column", "within", "R2", "bulk R2"),
            *("distinct before", "distinct after", "verdict"),
        ),
        rows=tuple(map(_row, shown)),
        note=_NOTE,
    )


def fidelity_tables(columns: Sequence[ColumnFidelity]) -> list[Table]:
    """The table of fidelity, unless all of it is exact."""
    return [] if exact_line(columns) else [fidelity_table(columns)]


def exact_line(columns: Sequence[ColumnFidelity]) -> str:
    """A sentence where an archive keeps every bit of these and all other columns, or nothing."""
    is_exact = all(column.promise == "exact" for column in columns)
    return "Every column is stored exactly, bit for bit." if is_exact else ""


def _row(column: ColumnFidelity) -> tuple[Cell, ...]:
    found, promise = column.found, column.promise.removeprefix("within ")
    if found is None:
        return (column.name, promise, None, None, None, None, "not known")
    shares = (_share(found.r2), _share(found.r2_bulk))
    return (column.name, promise, *shares, found.n_before, found.n_after, found.verdict)


def _share(r2: float | None) -> float | None:
    """A negative R2, worse than the mean, counts as nothing kept."""
    return None if r2 is None else max(r2, 0.0)
