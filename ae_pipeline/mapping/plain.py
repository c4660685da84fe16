"""Mappings without integers: columns that are null throughout, and columns as they are."""

from __future__ import annotations

from collections.abc import Mapping as Dictionary
from collections.abc import Sequence as Items
from dataclasses import dataclass
from typing import Any, ClassVar  # Any: JSON trees

import pyarrow as pa

from ae_pipeline.mapping.base import Mapping, Split
from ae_pipeline.mapping.subcolumn import Sequence, SubColumn
from ae_pipeline.mapping.whole import pack_whole, unpack_whole


@dataclass(frozen=True)
class WholeMapping(Mapping):
    """A column as packed bytes, for types that nothing is known of, and for nulls."""

    kind: ClassVar[str] = "whole"

    @property
    def subcolumns(self) -> tuple[SubColumn, ...]:
        """None."""
        return ()

    def split(self, array: pa.Array) -> Split:
        """Pack the column."""
        return Split({}, pack_whole(array), is_whole=True)

    def join(
        self, sequences: Dictionary[str, Sequence], side: bytes, is_whole: bool, n_rows: int
    ) -> pa.Array:
        """Invert `split`; ValueError for anything else."""
        return unpack_whole(side, self.type, n_rows)

    def to_json(self) -> dict[str, Any]:
        """Write nothing: there are no settings."""
        return {}


def fit_whole(column: str, sample: pa.Array, share: float) -> Mapping:
    """Fit the mapping of a column of any type."""
    return WholeMapping(column, sample.type)


def whole_of_json(
    tree: Dictionary[str, Any], column: str, kind: pa.DataType, tables: Items[bytes]
) -> Mapping:
    """Read a `WholeMapping`."""
    return WholeMapping(column, kind)
