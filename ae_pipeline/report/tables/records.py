"""Tables and results as plain values: rows as dicts, trees as JSON."""

from __future__ import annotations

import json
import math
from typing import Any  # JSON trees

from ae_pipeline.escaping import visible
from ae_pipeline.report.tables.table import Cell, Table


def to_records(table: Table) -> list[dict[str, Cell]]:
    """One dict per row, text escaped; NaN and infinities, which JSON lacks, become None."""
    return [dict(zip(table.headings, map(_recorded, row), strict=True)) for row in table.all_rows]


def _recorded(cell: Cell) -> Cell:
    return visible(cell) if isinstance(cell, str) else _finite(cell)


def dump_json(tree: Any) -> str:
    """A tree of dicts, lists and values as JSON; NaN and infinities become null."""
    return json.dumps(_clean(tree), indent=2, allow_nan=False)


def _clean(tree: Any) -> Any:
    if isinstance(tree, dict):
        return {key: _clean(value) for key, value in tree.items()}
    if isinstance(tree, list | tuple):
        return [_clean(value) for value in tree]
    return _finite(tree)


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value
