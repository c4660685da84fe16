"""A mapping that says each present value with integers of its own: nulls and exceptions apart.

Kinds of mappings derive from `Leaf` and deal with present values only.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping as Dictionary
from dataclasses import dataclass, replace
from typing import Any, TypeAlias  # Any: JSON trees

import numpy as np
import pyarrow as pa
from jaxtyping import Int64

from ae_pipeline.coding.entropy import pack_integers
from ae_pipeline.mapping.base import Mapping, Split
from ae_pipeline.mapping.exceptions import (
    MOST_EXCEPTIONS,
    Rows,
    pack_exceptions,
    put_exceptions,
    rows_to_repeat,
    unpack_validity_of,
)
from ae_pipeline.mapping.raw import validity, with_nulls
from ae_pipeline.mapping.subcolumn import Integers, Sequence, SubColumn, live_rows
from ae_pipeline.mapping.whole import pack_whole, unpack_whole

_Present: TypeAlias = Int64[np.ndarray, "present"]


@dataclass(frozen=True)
class Leaf(Mapping):
    """Values as integers, row by row.

    Where the column had nulls when the codec was fitted, the sub-column `NAME?` is 1 in rows that
    are not null, and all others have an integer in these. Nulls of other columns, and values that
    the integers cannot say, are put aside; integers there repeat those of the row before.

    Args:
        has_nulls: whether there is such a sub-column.
    """

    has_nulls: bool

    @property
    @abstractmethod
    def own(self) -> tuple[SubColumn, ...]:
        """Sub-columns of the present values; a parent, if any, is one of these."""

    @abstractmethod
    def to_integers(self, present: pa.Array) -> tuple[dict[str, Integers], Rows | None]:
        """Map values that are not null.

        Returns:
            The integers of every sub-column of `own` by name, one per value, anything where its
            parent says that it has none or the value is an exception; and the exceptions, None if
            there are none. Never fails for an array of its type.
        """

    @abstractmethod
    def from_integers(self, integers: Dictionary[str, Integers]) -> pa.Array:
        """Invert `to_integers`, bit for bit, but for exceptions.

        Raises:
            ValueError: integers that `to_integers` does not return.
        """

    def to_json(self) -> dict[str, Any]:
        """Write whether there are nulls; kinds with more settings override this."""
        return {"has_nulls": self.has_nulls}

    @property
    def subcolumns(self) -> tuple[SubColumn, ...]:
        """Validity first, if the column had nulls."""
        if not self.has_nulls:
            return self.own
        name = self._validity
        is_valid = SubColumn(name=name, column=self.column, role="validity")
        return is_valid, *(
            replace(one, parent=name, allowed=(1,)) if one.parent is None else one
            for one in self.own
        )

    def split(self, array: pa.Array) -> Split:
        """Map a column; whole if many of its values are exceptions and that is smaller."""
        is_valid = validity(array)
        present = array.drop_null() if array.null_count else array
        integers, is_exception = self.to_integers(present)
        if is_exception is None:
            is_exception = np.zeros(len(present), bool)
        if is_exception.any():
            rows = rows_to_repeat(is_exception)
            integers = {name: one[rows] for name, one in integers.items()}
        unsaid = np.ones(len(array), bool) if self.has_nulls else is_valid
        side = pack_exceptions(unsaid, is_exception, present)
        sequences = self._spread(integers, is_valid)
        if is_exception.sum() > MOST_EXCEPTIONS * len(present):
            whole = pack_whole(array)
            if len(whole) < len(side) + _n_bytes(sequences):
                return Split({}, whole, is_whole=True)
        return Split(sequences, side)

    def join(
        self, sequences: Dictionary[str, Sequence], side: bytes, is_whole: bool, n_rows: int
    ) -> pa.Array:
        """Invert `split`, bit for bit; ValueError for anything else."""
        if is_whole:
            return unpack_whole(side, self.type, n_rows)
        is_valid = unpack_validity_of(side, n_rows)
        if self.has_nulls:
            is_valid = is_valid & (sequences[self._validity].integers == 1)
        places = slice(None) if is_valid.all() else np.flatnonzero(is_valid)
        integers = {one.name: sequences[one.name].integers[places] for one in self.own}
        return with_nulls(put_exceptions(side, self.from_integers(integers)), is_valid)

    @property
    def _validity(self) -> str:
        return f"{self.column}?"

    def _spread(self, integers: dict[str, _Present], is_valid: Rows) -> dict[str, Sequence]:
        """Lay integers of present rows out over all rows, and blank those that are not live."""
        known: dict[str, Sequence] = {}
        for one in self.subcolumns:
            live = live_rows(one, known)
            if one.role == "validity":
                known[one.name] = Sequence(is_valid.astype(np.int64), live)
                continue
            spread = self._over_nulls(integers[one.name], is_valid)
            known[one.name] = Sequence(spread if live is None else np.where(live, spread, 0), live)
        return known

    def _over_nulls(self, integers: _Present, is_valid: Rows) -> Integers:
        """Nulls repeat the row before; the first value stands before itself."""
        if len(integers) == len(is_valid):
            return integers
        if not len(integers):
            return np.zeros(len(is_valid), np.int64)
        return integers[np.maximum(np.cumsum(is_valid) - 1, 0)]


def _n_bytes(sequences: Dictionary[str, Sequence]) -> int:
    """Return what integers take without a model."""
    return sum(
        len(pack_integers(one.integers if one.live is None else one.integers[one.live]))
        for one in sequences.values()
    )
