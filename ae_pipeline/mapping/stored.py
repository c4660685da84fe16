"""A column by the mapping of its storage type."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Mapping as Dictionary
from collections.abc import Sequence as Items
from dataclasses import dataclass
from typing import Any, ClassVar  # Any: JSON trees

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import types

from ae_pipeline.coding.varint import Reader, prefixed, varint
from ae_pipeline.mapping.base import Mapping, Split
from ae_pipeline.mapping.checked import tree_of
from ae_pipeline.mapping.storage import from_storage, storage_type, to_storage
from ae_pipeline.mapping.subcolumn import Sequence, SubColumn
from ae_pipeline.mapping.whole import pack_whole, unpack_whole

#: Values of an ordered dictionary.
_MOST_LABELS = 1 << 24


@dataclass(frozen=True)
class StoredMapping(Mapping):
    """Values are converted to `storage_type` and back.

    The order of the values of an ordered dictionary means something, so it is kept: in the codec,
    and in the side of blocks where it is another one.

    Args:
        inner: mapping of the stored values.
        labels: packed values of an ordered dictionary, after their number; else empty.
    """

    inner: Mapping
    labels: bytes = b""
    kind: ClassVar[str] = "stored"

    @property
    def subcolumns(self) -> tuple[SubColumn, ...]:
        """Those of the stored values."""
        return self.inner.subcolumns

    def split(self, array: pa.Array) -> Split:
        """Map the stored values."""
        return self._with_labels(self.inner.split(to_storage(array)), array)

    def whole(self, array: pa.Array) -> Split:
        """Pack the stored values."""
        return self._with_labels(self.inner.whole(to_storage(array)), array)

    def _with_labels(self, split: Split, array: pa.Array) -> Split:
        """Put the labels of an ordered dictionary before the side."""
        if not _is_ordered(self.type):
            return split
        labels = _pack_labels(array.dictionary)
        side = prefixed([b"" if labels == self.labels else labels]) + split.side
        return Split(split.sequences, side, split.is_whole)

    def join(
        self, sequences: Dictionary[str, Sequence], side: bytes, is_whole: bool, n_rows: int
    ) -> pa.Array:
        """Invert `split`, bit for bit; ValueError for anything else."""
        if not _is_ordered(self.type):
            return from_storage(self.inner.join(sequences, side, is_whole, n_rows), self.type)
        reader = Reader(side)
        labels = _unpack_labels(reader.take_prefixed(1)[0] or self.labels, self.type.value_type)
        values = self.inner.join(sequences, side[reader.position :], is_whole, n_rows)
        indices = pc.index_in(values, value_set=labels)
        if indices.null_count != values.null_count:
            raise ValueError("a value is not in its dictionary")
        indices = indices.cast(self.type.index_type)
        return pa.DictionaryArray.from_arrays(indices, labels, ordered=True)

    def to_json(self) -> dict[str, Any]:
        """Write the mapping of the stored values."""
        return {"inner": {"kind": self.inner.kind, **self.inner.to_json()}}

    @property
    def tables(self) -> tuple[bytes, ...]:
        """Those of the stored values, after the labels of an ordered dictionary."""
        own = (self.labels,) if _is_ordered(self.type) else ()
        return (*own, *self.inner.tables)


def _is_ordered(kind: pa.DataType) -> bool:
    return types.is_dictionary(kind) and bool(kind.ordered)


def _pack_labels(labels: pa.Array) -> bytes:
    present = labels.drop_null()
    return varint(len(present)) + pack_whole(present)


def _unpack_labels(content: bytes, kind: pa.DataType) -> pa.Array:
    reader = Reader(content)
    n_labels = reader.varint()
    if n_labels > _MOST_LABELS:
        raise ValueError(f"dictionary of {n_labels} values")
    return unpack_whole(content[reader.position :], kind, n_labels)


def is_stored(kind: pa.DataType) -> bool:
    """Whether values of a type are converted before they are mapped."""
    return storage_type(kind) != kind


def fit_stored(
    column: str,
    sample: pa.Array,
    share: float,
    fit: Callable[[str, pa.Array, float], Mapping],
) -> Mapping:
    """Fit the mapping of a column whose type `is_stored`, with the `fit` of any column."""
    labels = _pack_labels(sample.dictionary) if _is_ordered(sample.type) else b""
    return StoredMapping(column, sample.type, fit(column, to_storage(sample), share), labels)


def stored_of_json(
    tree: Dictionary[str, Any],
    column: str,
    kind: pa.DataType,
    tables: Items[bytes],
    read: Callable[[Dictionary[str, Any], str, pa.DataType, Items[bytes]], Mapping],
) -> Mapping:
    """Read a `StoredMapping` with the `read` of any mapping; ValueError, KeyError or TypeError.

    Arrow has the storage of an extension type that is not registered: it is stored as itself.
    """
    n_own = int(_is_ordered(kind))
    if len(tables) < n_own:
        raise ValueError("the labels of a dictionary are missing")
    inner = read(tree_of(tree, "inner"), column, storage_type(kind), tables[n_own:])
    labels = tables[0] if n_own else b""
    return StoredMapping(column, kind, inner, labels)
