"""Structs: their validity, and the sub-columns of each field."""

from __future__ import annotations

from collections.abc import Mapping as Dictionary
from collections.abc import Sequence as Items
from dataclasses import dataclass
from typing import Any, ClassVar  # Any: JSON trees

import numpy as np
import pyarrow as pa
from pyarrow import types

from ae_pipeline.coding.row_sets import pack_validity, unpack_validity
from ae_pipeline.coding.varint import Reader, prefixed
from ae_pipeline.mapping.base import Mapping, Split
from ae_pipeline.mapping.checked import boolean_of
from ae_pipeline.mapping.nested.children import (
    Fit,
    Read,
    adopt,
    child_to_json,
    children_of_json,
    gather,
    lay_out,
    pack_sides,
    take_sides,
)
from ae_pipeline.mapping.raw import validity
from ae_pipeline.mapping.storage import bitmap, compact, spread
from ae_pipeline.mapping.subcolumn import Sequence, SubColumn
from ae_pipeline.mapping.whole import unpack_whole


@dataclass(frozen=True)
class StructMapping(Mapping):
    """Fields of the structs that are not null, each by a mapping of its own.

    The side is the validity, where no sub-column says it, and the sides of fields.

    Args:
        has_nulls: whether the sub-column `NAME?` says which structs are not null.
        children: mappings of the fields, in order.
    """

    has_nulls: bool
    children: tuple[Mapping, ...]
    kind: ClassVar[str] = "struct"

    @property
    def subcolumns(self) -> tuple[SubColumn, ...]:
        """Validity if there were nulls, then those of each field."""
        own = (SubColumn(self._validity, self.column, role="validity"),) if self.has_nulls else ()
        return (*own, *(one for columns in self._adopted for one in columns))

    @property
    def _validity(self) -> str:
        return f"{self.column}?"

    @property
    def _adopted(self) -> list[tuple[SubColumn, ...]]:
        parent = self._validity if self.has_nulls else None
        return [adopt(child, self.column, parent, "") for child in self.children]

    def split(self, array: pa.Array) -> Split:
        """Map each field of the structs that are not null."""
        is_valid = validity(array)
        known: dict[str, Sequence] = {}
        if self.has_nulls:
            known[self._validity] = Sequence(is_valid.astype(np.int64), None)
        splits = []
        for index, (child, columns) in enumerate(zip(self.children, self._adopted, strict=True)):
            splits.append(child.split(compact(array.field(index), is_valid)))
            lay_out(columns, splits[-1], is_valid, known, "")
        unsaid = b"" if self.has_nulls else pack_validity(is_valid)
        side = prefixed([unsaid]) + pack_sides(splits)
        return Split(known, side if any(side) else b"")

    def join(
        self, sequences: Dictionary[str, Sequence], side: bytes, is_whole: bool, n_rows: int
    ) -> pa.Array:
        """Invert `split`, bit for bit; ValueError for anything else."""
        if is_whole:
            return unpack_whole(side, self.type, n_rows)
        reader = Reader(side or bytes(1 + len(self.children)))
        is_valid = unpack_validity(reader.take_prefixed(1)[0], n_rows)
        if self.has_nulls:
            is_valid = is_valid & (sequences[self._validity].integers == 1)
        sides = take_sides(reader, len(self.children))
        n_present = int(is_valid.sum())
        fields = []
        for index, (child, columns) in enumerate(zip(self.children, self._adopted, strict=True)):
            known = {} if sides[index][1] else gather(columns, sequences, is_valid, "")
            present = child.join(known, *sides[index], n_present)
            is_nullable = self.type.field(index).nullable
            fields.append(spread(present, is_valid, is_nullable=is_nullable))
        return pa.Array.from_buffers(self.type, n_rows, [bitmap(is_valid)], children=fields)

    def to_json(self) -> dict[str, Any]:
        """Write the mappings of the fields."""
        children = [child_to_json(child) for child in self.children]
        return {"has_nulls": self.has_nulls, "children": children}

    @property
    def tables(self) -> tuple[bytes, ...]:
        """Those of each field."""
        return tuple(table for child in self.children for table in child.tables)


def is_struct(kind: pa.DataType) -> bool:
    """Whether values are structs whose fields have names of their own."""
    return types.is_struct(kind) and len(set(_names("", kind))) == kind.num_fields


def _names(column: str, kind: pa.DataType) -> list[str]:
    return [f"{column}.{kind.field(index).name}" for index in range(kind.num_fields)]


def fit_struct(column: str, sample: pa.Array, share: float, fit: Fit) -> Mapping:
    """Fit each field, with the `fit` of any column."""
    is_valid = validity(sample)
    children = tuple(
        fit(name, compact(sample.field(index), is_valid), share)
        for index, name in enumerate(_names(column, sample.type))
    )
    return StructMapping(column, sample.type, sample.null_count > 0, children)


def struct_of_json(
    tree: Dictionary[str, Any], column: str, kind: pa.DataType, tables: Items[bytes], read: Read
) -> Mapping:
    """Read a `StructMapping`; ValueError, KeyError or TypeError if damaged."""
    if not is_struct(kind):
        raise ValueError(f"{kind} is no struct")
    kinds = [kind.field(index).type for index in range(kind.num_fields)]
    children = children_of_json(tree["children"], _names(column, kind), kinds, tables, read)
    return StructMapping(column, kind, boolean_of(tree, "has_nulls"), tuple(children))
