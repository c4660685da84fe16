"""The protocol of mappings: one column of any type ↔ its sub-columns, and bytes beside them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping as Dictionary
from dataclasses import dataclass
from typing import Any, ClassVar  # Any: JSON trees

import pyarrow as pa

from ae_pipeline.mapping.subcolumn import Sequence, SubColumn
from ae_pipeline.mapping.whole import pack_whole


@dataclass(frozen=True)
class Split:
    """One column of one block as integers.

    Args:
        sequences: by name, for every sub-column of the mapping, each over the rows of its space.
        side: what the integers do not say, such as values that the mapping has not seen; empty if
            there is nothing more to say.
        is_whole: the integers say nothing, `side` holds the whole column.
    """

    sequences: Dictionary[str, Sequence]
    side: bytes = b""
    is_whole: bool = False


@dataclass(frozen=True)
class Mapping(ABC):
    """How the values of one column become integers; fixed when a codec is fitted.

    Args:
        column: name of the top-level column.
        type: its Arrow type.
    """

    column: str
    type: pa.DataType

    #: Key of the kind in a codec's JSON.
    kind: ClassVar[str]

    @property
    @abstractmethod
    def subcolumns(self) -> tuple[SubColumn, ...]:
        """Its sub-columns, parents before children and lengths before items."""

    @abstractmethod
    def split(self, array: pa.Array) -> Split:
        """Map a column; never fails for an array of its type."""

    def whole(self, array: pa.Array) -> Split:
        """Pack a column of its type as bytes alone."""
        return Split({}, pack_whole(array), is_whole=True)

    @abstractmethod
    def join(
        self, sequences: Dictionary[str, Sequence], side: bytes, is_whole: bool, n_rows: int
    ) -> pa.Array:
        """Invert `split` and `whole`, bit for bit.

        Args:
            sequences: decoded integers by name; of a whole column they are not looked at.
            side: as `split` or `whole` returned it.
            is_whole: likewise.
            n_rows: rows of the block.

        Raises:
            ValueError: the integers or the bytes are not those of such a column.
        """

    @abstractmethod
    def to_json(self) -> dict[str, Any]:
        """Write the settings, without tables of values and without column, type and kind."""

    @property
    def tables(self) -> tuple[bytes, ...]:
        """Packed tables of values that the settings lack, such as the words of a dictionary."""
        return ()
