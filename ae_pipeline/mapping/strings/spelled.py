"""A leaf whose integers leave some strings to be spelled out in each block."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping as Dictionary

import numpy as np
import pyarrow as pa

from ae_pipeline.coding.row_sets import pack_validity, unpack_validity
from ae_pipeline.coding.varint import Reader, prefixed
from ae_pipeline.mapping.base import Split
from ae_pipeline.mapping.exceptions import Rows
from ae_pipeline.mapping.leaf import Leaf
from ae_pipeline.mapping.raw import validity, with_nulls
from ae_pipeline.mapping.strings.byte_rows import BINARY
from ae_pipeline.mapping.strings.texts import MOST_BYTES, pack_texts, unpack_texts
from ae_pipeline.mapping.strings.texts import Dictionary as Trained
from ae_pipeline.mapping.subcolumn import Integers, Sequence
from ae_pipeline.mapping.whole import pack_whole, unpack_whole


class Spelled(Leaf):
    """Strings of type `BINARY` as integers and, beside them, texts."""

    @abstractmethod
    def divide(self, present: pa.Array) -> tuple[dict[str, Integers], pa.Array]:
        """Map strings without nulls to integers of every sub-column of `own`, and texts."""

    @abstractmethod
    def unite(self, integers: Dictionary[str, Integers], texts: pa.Array, n_rows: int) -> pa.Array:
        """Invert `divide` of `n_rows` strings.

        Raises:
            ValueError: `divide` returns no such integers or texts.
        """

    @property
    def trained(self) -> Trained | None:
        """Dictionary that texts are compressed with."""
        return None

    def to_integers(self, present: pa.Array) -> tuple[dict[str, Integers], Rows | None]:
        """Map strings, without the texts that they need."""
        return self.divide(present)[0], None

    def from_integers(self, integers: Dictionary[str, Integers]) -> pa.Array:
        """Invert `to_integers` where no texts are needed."""
        n_rows = len(integers[self.own[0].name]) if self.own else 0
        return self.unite(integers, pa.array([], BINARY), n_rows)

    def split(self, array: pa.Array) -> Split:
        """Map a column; whole if it is too large for a reader to accept."""
        if array.nbytes > MOST_BYTES:
            return Split({}, pack_whole(array), is_whole=True)
        is_valid = validity(array)
        present = array.drop_null() if array.null_count else array
        integers, texts = self.divide(present)
        nulls = b"" if self.has_nulls else pack_validity(is_valid)
        side = prefixed([nulls]) + pack_texts(texts, self.trained) if nulls or len(texts) else b""
        return Split(self._spread(integers, is_valid), side)

    def join(
        self, sequences: Dictionary[str, Sequence], side: bytes, is_whole: bool, n_rows: int
    ) -> pa.Array:
        """Invert `split`, bit for bit; ValueError for anything else."""
        if is_whole:
            return unpack_whole(side, self.type, n_rows)
        reader = Reader(side)
        is_valid = unpack_validity(reader.take_prefixed(1)[0] if side else b"", n_rows)
        if self.has_nulls:
            is_valid = is_valid & (sequences[self._validity].integers == 1)
        n_present = int(is_valid.sum())
        texts = unpack_texts(side[reader.position :], n_present, self.trained)
        places = slice(None) if n_present == n_rows else np.flatnonzero(is_valid)
        integers = {one.name: sequences[one.name].integers[places] for one in self.own}
        return with_nulls(self.unite(integers, texts, n_present), is_valid)
