"""Long free text: no integers, all strings compressed together with a trained dictionary."""

from __future__ import annotations

from collections.abc import Mapping as Dictionary
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar  # Any: JSON trees

import pyarrow as pa
import zstandard

from ae_pipeline.mapping.checked import boolean_of
from ae_pipeline.mapping.strings.byte_rows import BINARY
from ae_pipeline.mapping.strings.spelled import Spelled
from ae_pipeline.mapping.strings.texts import Dictionary as Trained
from ae_pipeline.mapping.strings.texts import pack_bytes, pack_texts, unpack_bytes
from ae_pipeline.mapping.subcolumn import Integers, SubColumn

_DICTIONARY_BYTES = 1 << 15
#: zstandard wants several times the dictionary's size to learn from.
_LEAST_TRAINING = 8
#: Bytes that stand for a block when the worth of a dictionary is measured.
_BLOCK_BYTES = 1 << 18


@dataclass(frozen=True)
class Text(Spelled):
    """Strings kept as texts.

    Args:
        packed: dictionary for zstd, packed; empty for none.
    """

    packed: bytes
    kind: ClassVar[str] = "text"

    @property
    def own(self) -> tuple[SubColumn, ...]:
        """No sub-columns."""
        return ()

    @cached_property
    def trained(self) -> Trained | None:
        """Dictionary that texts are compressed with."""
        return zstandard.ZstdCompressionDict(unpack_bytes(self.packed)) if self.packed else None

    def divide(self, present: pa.Array) -> tuple[dict[str, Integers], pa.Array]:
        """Return the strings as texts."""
        return {}, present

    def unite(self, integers: Dictionary[str, Integers], texts: pa.Array, n_rows: int) -> pa.Array:
        """Return the texts; ValueError if they are not as many as rows."""
        if len(texts) != n_rows:
            raise ValueError(f"{len(texts)} texts in {n_rows} rows")
        return texts

    @property
    def tables(self) -> tuple[bytes, ...]:
        """The packed dictionary."""
        return (self.packed,)


def fit_text(column: str, present: pa.Array, share: float, has_nulls: bool) -> Text:
    """Train a dictionary, and use it if the archive's blocks save more than it takes.

    Args:
        column: name of the column.
        present: its values in a sample, of type `BINARY`, without nulls.
        share: rows of the archive per row of the sample.
        has_nulls: whether the column has nulls.
    """
    plain = Text(column, BINARY, has_nulls, b"")
    half = len(present) // 2
    packed = _train(present[half:])
    if not packed:
        return plain
    trained = Text(column, BINARY, has_nulls, packed)
    block = first_bytes(present[:half], _BLOCK_BYTES)
    saved = len(pack_texts(block)) - len(pack_texts(block, trained.trained))
    n_blocks = share * len(present) / max(len(block), 1)
    return trained if saved * n_blocks > len(packed) else plain


def text_of_json(
    tree: Dictionary[str, Any], column: str, kind: pa.DataType, tables: Sequence[bytes]
) -> Text:
    """Read `Text`; ValueError, KeyError or TypeError if damaged."""
    if kind != BINARY or len(tables) != 1:
        raise ValueError(f"no text of type {kind}, or not one table of it")
    mapping = Text(column, kind, boolean_of(tree, "has_nulls"), tables[0])
    _ = mapping.trained  # reads the dictionary, so that damage shows now
    return mapping


def _train(samples: pa.Array) -> bytes:
    texts = first_bytes(samples, _LEAST_TRAINING * _DICTIONARY_BYTES * 4).to_pylist()
    if sum(map(len, texts)) < _LEAST_TRAINING * _DICTIONARY_BYTES:
        return b""
    try:
        dictionary = zstandard.train_dictionary(_DICTIONARY_BYTES, texts)
    except zstandard.ZstdError:  # texts that have nothing in common
        return b""
    return pack_bytes(dictionary.as_bytes())


def first_bytes(present: pa.Array, most_bytes: int) -> pa.Array:
    """Return the first strings, up to so many bytes, at least one."""
    low, high = 0, len(present)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if present[:middle].nbytes <= most_bytes else (low, middle - 1)
    return present[: max(low, 1)]
