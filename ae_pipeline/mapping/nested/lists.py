"""Lists: how long each is, and the sub-columns of all their items one after the other."""

from __future__ import annotations

from collections.abc import Mapping as Dictionary
from collections.abc import Sequence as Items
from dataclasses import dataclass
from typing import Any, ClassVar  # Any: JSON trees

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

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
    most_items,
    pack_sides,
    take_sides,
)
from ae_pipeline.mapping.raw import validity
from ae_pipeline.mapping.storage import lists_of
from ae_pipeline.mapping.subcolumn import Integers, Sequence, SubColumn, live_rows
from ae_pipeline.mapping.whole import pack_whole, unpack_whole


@dataclass(frozen=True)
class ListMapping(Mapping):
    """Lists of type `large_list`: lengths, and items by a mapping of their own.

    Items are rows of the space `NAME#`. The side is the validity, where no sub-column says it, and
    the side of the items.

    Args:
        has_nulls: whether the sub-column `NAME?` says which lists are not null.
        item: mapping of the items.
    """

    has_nulls: bool
    item: Mapping
    kind: ClassVar[str] = "list"

    @property
    def subcolumns(self) -> tuple[SubColumn, ...]:
        """Validity if there were nulls, lengths, then those of items."""
        return (*self._own, *self._adopted)

    @property
    def _own(self) -> tuple[SubColumn, ...]:
        lengths = SubColumn(self._lengths, self.column, role="length")
        if not self.has_nulls:
            return (lengths,)
        is_valid = SubColumn(self._validity, self.column, role="validity")
        parent = self._validity
        return is_valid, SubColumn(
            self._lengths, self.column, role="length", parent=parent, allowed=(1,)
        )

    @property
    def _adopted(self) -> tuple[SubColumn, ...]:
        return adopt(self.item, self.column, None, self._lengths)

    @property
    def _validity(self) -> str:
        return f"{self.column}?"

    @property
    def _lengths(self) -> str:
        return f"{self.column}#"

    def split(self, array: pa.Array) -> Split:
        """Map lengths and items; whole if there are more items than readers accept."""
        items = array.flatten()
        if len(items) > most_items(len(array)):
            return Split({}, pack_whole(array), is_whole=True)
        is_valid = validity(array)
        lengths = pc.list_value_length(array).fill_null(0).to_numpy().astype(np.int64)
        known: dict[str, Sequence] = {}
        if self.has_nulls:
            known[self._validity] = Sequence(is_valid.astype(np.int64), None)
        known[self._lengths] = Sequence(lengths, live_rows(self._own[-1], known))
        split = self.item.split(items)
        lay_out(self._adopted, split, np.ones(len(items), bool), known, self._lengths)
        unsaid = b"" if self.has_nulls else pack_validity(is_valid)
        side = prefixed([unsaid]) + pack_sides([split])
        return Split(known, side if any(side) else b"")

    def join(
        self, sequences: Dictionary[str, Sequence], side: bytes, is_whole: bool, n_rows: int
    ) -> pa.Array:
        """Invert `split`, bit for bit; ValueError for anything else."""
        if is_whole:
            return unpack_whole(side, self.type, n_rows)
        reader = Reader(side or bytes(2))
        is_valid = unpack_validity(reader.take_prefixed(1)[0], n_rows)
        if self.has_nulls:
            is_valid = is_valid & (sequences[self._validity].integers == 1)
        lengths = sequences[self._lengths].integers
        n_items = count_items(lengths)
        if len(lengths) != n_rows or lengths[~is_valid].any():
            raise ValueError("a list that is null has a length")
        ((item_side, is_item_whole),) = take_sides(reader, 1)
        everywhere = np.ones(n_items, bool)
        known = {} if is_item_whole else gather(self._adopted, sequences, everywhere, self._lengths)
        items = self.item.join(known, item_side, is_item_whole, n_items)
        return lists_of(self.type, lengths, items, is_valid)

    def to_json(self) -> dict[str, Any]:
        """Write the mapping of the items."""
        return {"has_nulls": self.has_nulls, "item": child_to_json(self.item)}

    @property
    def tables(self) -> tuple[bytes, ...]:
        """Those of the items."""
        return self.item.tables


def count_items(lengths: Integers) -> int:
    """Return how many items lists have together.

    Args:
        lengths: of each list; 0 where it is null.

    Raises:
        ValueError: a length is negative, or there are more items than readers accept.
    """
    most = most_items(len(lengths))
    if len(lengths) and (lengths.min() < 0 or lengths.max() > most):
        raise ValueError("lengths of lists are damaged")
    # Each is below 2^62 / rows for any number of rows that fits memory.
    n_items = int(lengths.sum())
    if n_items > most:
        raise ValueError(f"{n_items} items in {len(lengths)} lists")
    return n_items


def fit_list(column: str, sample: pa.Array, share: float, fit: Fit) -> Mapping:
    """Fit the items of lists of type `large_list`, with the `fit` of any column."""
    item = fit(f"{column}[]", sample.flatten(), share)
    return ListMapping(column, sample.type, sample.null_count > 0, item)


def list_of_json(
    tree: Dictionary[str, Any], column: str, kind: pa.DataType, tables: Items[bytes], read: Read
) -> Mapping:
    """Read a `ListMapping`; ValueError, KeyError or TypeError if damaged."""
    if not pa.types.is_large_list(kind):
        raise ValueError(f"{kind} is no large list")
    kinds = [kind.value_type]
    (item,) = children_of_json([tree["item"]], [f"{column}[]"], kinds, tables, read)
    return ListMapping(column, kind, boolean_of(tree, "has_nulls"), item)
