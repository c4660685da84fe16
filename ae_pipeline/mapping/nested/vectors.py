"""Vectors of floats, such as embeddings, bit for bit: no sub-columns but validity."""

from __future__ import annotations

from collections.abc import Mapping as Dictionary
from collections.abc import Sequence as Items
from dataclasses import dataclass
from typing import Any, ClassVar  # Any: JSON trees

import numpy as np
import pyarrow as pa
from jaxtyping import Shaped
from pyarrow import types

from ae_pipeline.coding.entropy import pack_integers, pack_numbers, unpack_numbers
from ae_pipeline.coding.row_sets import pack_validity, unpack_validity
from ae_pipeline.coding.varint import Reader, prefixed
from ae_pipeline.mapping.base import Mapping, Split
from ae_pipeline.mapping.checked import boolean_of
from ae_pipeline.mapping.nested.children import Fit, most_items
from ae_pipeline.mapping.raw import from_raw, raw_kind, to_raw, validity
from ae_pipeline.mapping.storage import bitmap, compact, spread
from ae_pipeline.mapping.stored import fit_stored
from ae_pipeline.mapping.subcolumn import Sequence, SubColumn
from ae_pipeline.mapping.whole import pack_whole, unpack_whole

#: Wider vectors are lists.
_MOST_WIDTH = 4096
#: Rows that are weighed.
_WEIGHED_NUMBERS = 1 << 20
#: Lists cost the table model more time than streams, so they must take at most this part.
_MOST_PART = 0.95


@dataclass(frozen=True)
class VectorMapping(Mapping):
    """The numbers of all vectors as streams.

    The side is the validity of vectors, where no sub-column says it, that of their numbers, and one
    stream of all numbers that are not null; or, if they are `by_place` and none is null, one of
    each place.

    Args:
        has_nulls: whether the sub-column `NAME?` says which vectors are not null.
        by_place: whether numbers at one place of all vectors are a stream.
    """

    has_nulls: bool
    by_place: bool
    kind: ClassVar[str] = "vectors"

    @property
    def subcolumns(self) -> tuple[SubColumn, ...]:
        """Validity if there were nulls."""
        return (SubColumn(self._validity, self.column, role="validity"),) if self.has_nulls else ()

    @property
    def _validity(self) -> str:
        return f"{self.column}?"

    @property
    def _number(self) -> np.dtype[Any]:  # of a width known at run time only
        raw = raw_kind(self.type.value_type)
        return np.dtype(f"<f{raw.itemsize}")

    def split(self, array: pa.Array) -> Split:
        """Pack the vectors."""
        items = array.flatten()
        if len(items) > most_items(len(array)):
            return Split({}, pack_whole(array), is_whole=True)
        is_valid, is_number = validity(array), validity(items)
        numbers = to_raw(items).view(self._number)
        unsaid = b"" if self.has_nulls else pack_validity(is_valid)
        side = prefixed([unsaid, pack_validity(is_number)])
        if self.by_place and is_number.all():
            table = numbers.reshape(-1, self.type.list_size)
            side += prefixed([pack_numbers(place) for place in table.T])
        else:
            side += prefixed([pack_numbers(numbers[is_number])])
        sequence = Sequence(is_valid.astype(np.int64), None)
        return Split({self._validity: sequence} if self.has_nulls else {}, side)

    def join(
        self, sequences: Dictionary[str, Sequence], side: bytes, is_whole: bool, n_rows: int
    ) -> pa.Array:
        """Invert `split`, bit for bit; ValueError for anything else."""
        if is_whole:
            return unpack_whole(side, self.type, n_rows)
        reader = Reader(side)
        is_valid = unpack_validity(reader.take_prefixed(1)[0], n_rows)
        if self.has_nulls:
            is_valid = is_valid & (sequences[self._validity].integers == 1)
        n_present, size = int(is_valid.sum()), self.type.list_size
        if n_present * size > most_items(n_rows):
            raise ValueError(f"{n_present * size} numbers in {n_rows} vectors")
        is_number = unpack_validity(reader.take_prefixed(1)[0], n_present * size)
        numbers = self._take(reader, n_present, int(is_number.sum()), bool(is_number.all()))
        present = from_raw(numbers.view(raw_kind(self.type.value_type)), self.type.value_type)
        is_nullable = self.type.value_field.nullable
        items = spread(
            spread(present, is_number), np.repeat(is_valid, size), is_nullable=is_nullable
        )
        return pa.Array.from_buffers(self.type, n_rows, [bitmap(is_valid)], children=[items])

    def _take(
        self, reader: Reader, n_vectors: int, n_numbers: int, is_dense: bool
    ) -> Shaped[np.ndarray, "numbers"]:
        if not (self.by_place and is_dense):
            return unpack_numbers(reader.take_prefixed(1)[0], n_numbers, self._number)
        table = np.empty((n_vectors, self.type.list_size), self._number)
        for place in range(self.type.list_size):
            stream = reader.take_prefixed(1)[0]
            table[:, place] = unpack_numbers(stream, n_vectors, self._number)
        return table.reshape(-1)

    def to_json(self) -> dict[str, Any]:
        """Write the settings."""
        return {"has_nulls": self.has_nulls, "by_place": self.by_place}


def is_vector(kind: pa.DataType) -> bool:
    """Whether values are vectors of floats."""
    is_list = types.is_fixed_size_list(kind) and 0 < kind.list_size <= _MOST_WIDTH
    return is_list and types.is_floating(kind.value_type)


def fit_vectors(column: str, sample: pa.Array, share: float, fit: Fit) -> Mapping:
    """Fit vectors as streams, or as lists of numbers if these take far fewer bytes."""
    has_nulls = sample.null_count > 0
    weighed = compact(sample, validity(sample))
    weighed = weighed[: max(_WEIGHED_NUMBERS // sample.type.list_size, 1)]
    ways: list[Mapping] = [
        VectorMapping(column, sample.type, has_nulls, by_place) for by_place in (False, True)
    ]
    streams = min(ways, key=lambda way: _weigh(way, weighed, share))
    lists = fit_stored(column, sample, share, fit)
    is_worth = _weigh(lists, weighed, share) < _MOST_PART * _weigh(streams, weighed, share)
    return lists if is_worth else streams


def _weigh(way: Mapping, sample: pa.Array, share: float) -> float:
    split = way.split(sample)
    streams = [
        one.integers if one.live is None else one.integers[one.live]
        for one in split.sequences.values()
    ]
    tables = sum(map(len, way.tables)) / share
    return len(split.side) + sum(len(pack_integers(one)) for one in streams) + tables


def vectors_of_json(
    tree: Dictionary[str, Any], column: str, kind: pa.DataType, tables: Items[bytes]
) -> Mapping:
    """Read a `VectorMapping`; ValueError, KeyError or TypeError if damaged."""
    if not is_vector(kind):
        raise ValueError(f"{kind} is no vector of floats")
    return VectorMapping(column, kind, boolean_of(tree, "has_nulls"), boolean_of(tree, "by_place"))
