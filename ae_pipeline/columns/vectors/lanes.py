"""Vector columns as lanes: the floats at one place of all vectors are a column of their own.

Vectors are fixed-size lists of floats, tensors of a fixed shape and other extensions of such lists.
What lies under a null vector has no meaning, and reads as null.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any  # a dtype known at run time only

import numpy as np
import pyarrow as pa
from jaxtyping import Bool, Shaped
from pyarrow import types

#: Floats of a vector; wider ones are lists.
MOST_LANES = 1 << 12
_LANE = re.compile(r"(.*)\[(0|[1-9][0-9]*)\]", re.DOTALL)


def list_type(kind: pa.DataType) -> pa.DataType:
    """Return the type that an extension stores, or the type itself."""
    return kind.storage_type if isinstance(kind, pa.BaseExtensionType) else kind


def is_vector(kind: pa.DataType) -> bool:
    """Whether values are vectors of floats."""
    return has_lanes(kind) and bool(types.is_floating(list_type(kind).value_type))


def has_lanes(kind: pa.DataType) -> bool:
    """Whether values are vectors of floats or integers, such as images."""
    kind = list_type(kind)
    is_list = types.is_fixed_size_list(kind) and 0 < kind.list_size <= MOST_LANES
    return bool(
        is_list and (types.is_floating(kind.value_type) or types.is_integer(kind.value_type))
    )


def lane_names(name: str, kind: pa.DataType) -> tuple[str, ...]:
    """Return the names of a column's lanes; a column of numbers is its own lane."""
    if not has_lanes(kind):
        return (name,)
    return tuple(f"{name}[{place}]" for place in range(list_type(kind).list_size))


def count_lanes(kind: pa.DataType) -> int:
    """Return the number of a column's lanes if they are floats, else 1."""
    return list_type(kind).list_size if is_vector(kind) else 1


def lane_type(kind: pa.DataType) -> pa.DataType:
    """Return the type of a column's lanes."""
    return list_type(kind).value_type if has_lanes(kind) else kind


@dataclass(frozen=True)
class Vectors:
    """The numbers of a vector column, bit for bit.

    Args:
        numbers: what lies under nulls is arbitrary.
        is_valid: vectors that are not null.
        is_number: numbers that are not null, apart from those of null vectors; None if all are.
    """

    numbers: Shaped[np.ndarray, "rows lanes"]
    is_valid: Bool[np.ndarray, "rows"]
    is_number: Bool[np.ndarray, "rows lanes"] | None

    @classmethod
    def of(cls, column: pa.Array) -> Vectors:
        """Read a column whose type is that of vectors, sliced or not."""
        stored = column.storage if isinstance(column, pa.ExtensionArray) else column
        size, kind = stored.type.list_size, stored.type.value_type
        items = stored.values.slice(stored.offset * size, len(stored) * size)
        is_valid = _validity(stored)
        is_number = None
        if items.null_count:
            is_number = _validity(items).reshape(-1, size) | ~is_valid[:, None]
        numbers = _numbers(items, np.dtype(kind.to_pandas_dtype())).reshape(-1, size)
        return cls(numbers, is_valid, None if is_number is None or is_number.all() else is_number)

    @classmethod
    def of_lane(cls, column: pa.Array) -> Vectors:
        """Read a column of numbers as vectors of one."""
        numbers = _numbers(column, np.dtype(column.type.to_pandas_dtype()))
        return cls(numbers.reshape(-1, 1), _validity(column), None)

    def lane(self, place: int) -> pa.Array:
        """Return the numbers at one place as a column."""
        numbers = np.ascontiguousarray(self.numbers[:, place])
        is_valid = self.is_valid
        if self.is_number is not None:
            is_valid = is_valid & self.is_number[:, place]
        return pa.array(numbers, mask=None if is_valid.all() else ~is_valid)

    def flat(self) -> pa.Array:
        """Return all numbers of the vectors that are not null as one column, row by row."""
        numbers = self.numbers[self.is_valid].reshape(-1)
        is_null = None if self.is_number is None else ~self.is_number[self.is_valid].reshape(-1)
        return pa.array(numbers, mask=is_null)

    def to_arrow(self, kind: pa.DataType) -> pa.Array:
        """Return a column of this type, the one that was read from or one of the same lists."""
        stored = list_type(kind)
        numbers = np.ascontiguousarray(self.numbers).reshape(-1)
        bits = None if self.is_number is None else _bitmap(self.is_number.reshape(-1))
        items = pa.Array.from_buffers(
            stored.value_type, len(numbers), [bits, pa.py_buffer(numbers)]
        )
        valid = _bitmap(self.is_valid)
        column = pa.Array.from_buffers(stored, len(self.is_valid), [valid], children=[items])
        return column if stored is kind else pa.ExtensionArray.from_storage(kind, column)


class LaneReader:
    """The lanes of some rows by name; a column of numbers is read by its own.

    Args:
        records: rows with the columns that the lanes belong to.
    """

    def __init__(self, records: pa.RecordBatch) -> None:
        self._records = records
        self._vectors: dict[str, Vectors] = {}

    def vectors(self, name: str) -> Vectors:
        """Return a vector column."""
        if name not in self._vectors:
            self._vectors[name] = Vectors.of(self._records.column(name))
        return self._vectors[name]

    def lane(self, name: str) -> pa.Array:
        """Return a lane as a column; KeyError if there is none of this name."""
        if self._records.schema.get_field_index(name) >= 0:
            return self._records.column(name)
        found = _LANE.fullmatch(name)
        if found is None:
            raise KeyError(name)
        return self.vectors(found[1]).lane(int(found[2]))


def clashing(names: Iterable[str], lanes: Iterable[str]) -> bool:
    """Whether a column has the name of one of these lanes."""
    return not set(lanes).isdisjoint(names)


def _validity(column: pa.Array) -> Bool[np.ndarray, "_"]:
    if not column.null_count:
        return np.ones(len(column), bool)
    return column.is_valid().to_numpy(zero_copy_only=False)


def _numbers(items: pa.Array, dtype: np.dtype[Any]) -> Shaped[np.ndarray, "numbers"]:
    """Read the value buffer itself: conversions could change a NaN's payload."""
    if not len(items):
        return np.zeros(0, dtype)
    start = items.offset * dtype.itemsize
    return np.frombuffer(items.buffers()[1], dtype, count=len(items), offset=start)


def _bitmap(is_valid: Bool[np.ndarray, "_"]) -> pa.Buffer | None:
    if is_valid.all():
        return None
    return pa.py_buffer(np.packbits(is_valid, bitorder="little"))
