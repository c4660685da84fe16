"""The children of a nested column: their sub-columns in its place, and their sides as one."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from collections.abc import Mapping as Dictionary
from collections.abc import Sequence as Items
from dataclasses import replace
from typing import Any, TypeAlias  # Any: JSON trees

import numpy as np
import pyarrow as pa
from jaxtyping import Int64

from ae_pipeline.coding.varint import Reader, varint
from ae_pipeline.mapping.base import Mapping, Split
from ae_pipeline.mapping.checked import integer_of
from ae_pipeline.mapping.exceptions import Rows
from ae_pipeline.mapping.subcolumn import Integers, Sequence, SubColumn, live_rows

Fit: TypeAlias = Callable[[str, pa.Array, float], Mapping]
Read: TypeAlias = Callable[[Dictionary[str, Any], str, pa.DataType, Items[bytes]], Mapping]

_MOST_TABLES = 1 << 20
_FREE_ITEMS, _ITEMS_PER_ROW = 1 << 26, 1 << 12


def most_items(n_rows: int) -> int:
    """Return how many items a reader accepts in all lists of so many rows together."""
    return _FREE_ITEMS + _ITEMS_PER_ROW * n_rows


def adopt(child: Mapping, column: str, parent: str | None, space: str) -> tuple[SubColumn, ...]:
    """Return the sub-columns of a child as those of the column.

    Args:
        child: mapping of a field or of items.
        column: that it belongs to.
        parent: validity of the structs that the child is a field of, if they have one.
        space: lengths of the lists whose items they are; "" for a field.
    """
    return tuple(
        replace(
            one,
            column=column,
            space=one.space or space,
            parent=parent if one.parent is None and not one.space else one.parent,
            allowed=(1,) if one.parent is None and not one.space and parent else one.allowed,
        )
        for one in child.subcolumns
    )


def lay_out(
    columns: Iterable[SubColumn],
    split: Split,
    is_present: Rows,
    known: dict[str, Sequence],
    space: str,
) -> None:
    """Lay the integers of a child out over all rows of its space.

    Rows without one repeat the row before. A child that is whole has zeros.

    Args:
        columns: adopted sub-columns of the child.
        split: of the child's rows that are present.
        is_present: which rows they are.
        known: sequences so far, parents among them; takes those of the child.
        space: of the child's rows; other spaces lie below it.
    """
    for one in columns:
        sequence = split.sequences.get(one.name)
        if one.space != space:
            none = Sequence(np.zeros(0, np.int64), None)
            known[one.name] = none if sequence is None else sequence
            continue
        live = live_rows(one, known)
        if sequence is None:
            integers = np.zeros(len(is_present), np.int64)
        else:
            integers = _repeat(sequence.integers, is_present, one.role == "length")
        known[one.name] = Sequence(integers if live is None else np.where(live, integers, 0), live)


def _repeat(integers: Int64[np.ndarray, "present"], is_present: Rows, is_length: bool) -> Integers:
    if len(integers) == len(is_present):
        return integers
    if not len(integers):
        return np.zeros(len(is_present), np.int64)
    repeated = integers[np.maximum(np.cumsum(is_present) - 1, 0)]
    # Lengths of lists that are not there would count items that are not there.
    return np.where(is_present, repeated, 0) if is_length else repeated


def gather(
    columns: Iterable[SubColumn], sequences: Dictionary[str, Sequence], is_present: Rows, space: str
) -> dict[str, Sequence]:
    """Invert `lay_out`: return the sequences of a child over its present rows.

    Raises:
        ValueError: a sequence does not have one integer per row.
    """
    rows = slice(None) if is_present.all() else np.flatnonzero(is_present)
    found: dict[str, Sequence] = {}
    for one in columns:
        sequence = sequences[one.name]
        if one.space == space:
            if len(sequence.integers) != len(is_present):
                raise ValueError(f"{one.name} does not have an integer per row")
            live = None if sequence.live is None else sequence.live[rows]
            sequence = Sequence(sequence.integers[rows], live)
        found[one.name] = sequence
    return found


def pack_sides(splits: Iterable[Split]) -> bytes:
    """Pack the sides of children: twice the length, plus one if the child is whole; the bytes."""
    return b"".join(varint(2 * len(split.side) + split.is_whole) + split.side for split in splits)


def take_sides(reader: Reader, n_children: int) -> list[tuple[bytes, bool]]:
    """Invert `pack_sides`; ValueError if damaged."""
    sides = []
    for _ in range(n_children):
        tag = reader.varint()
        sides.append((reader.take(tag // 2), bool(tag % 2)))
    if not reader.is_at_end:
        raise ValueError("bytes after the sides of children")
    return sides


def child_to_json(child: Mapping) -> dict[str, Any]:
    """Write a child, with the number of its tables."""
    return {"n_tables": len(child.tables), "kind": child.kind, **child.to_json()}


def children_of_json(
    trees: Any, columns: Items[str], kinds: Items[pa.DataType], tables: Items[bytes], read: Read
) -> list[Mapping]:
    """Invert `child_to_json` of several children.

    Raises:
        ValueError, KeyError, TypeError: children or tables are missing, or one is damaged.
    """
    if type(trees) is not list or len(trees) != len(kinds):
        raise ValueError(f"expected {len(kinds)} children")
    children, start = [], 0
    for tree, column, kind in zip(trees, columns, kinds, strict=True):
        end = start + integer_of(tree, "n_tables", 0, _MOST_TABLES)
        if end > len(tables):
            raise ValueError("tables of a child are missing")
        children.append(read(tree, column, kind, tables[start:end]))
        start = end
    return children
