"""Strings by distinct values: the words of the codec, and new ones in each block."""

from __future__ import annotations

from collections.abc import Mapping as Dictionary
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar  # Any: JSON trees

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Bool, Int64

from ae_pipeline.mapping.checked import boolean_of
from ae_pipeline.mapping.strings.byte_rows import BINARY, starts_of, to_byte_rows
from ae_pipeline.mapping.strings.spelled import Spelled
from ae_pipeline.mapping.strings.texts import MOST_BYTES, pack_texts
from ae_pipeline.mapping.strings.word_table import (
    MOST_WORD_BYTES,
    MOST_WORDS,
    pack_words,
    unpack_words,
)
from ae_pipeline.mapping.subcolumn import Integers, SubColumn

_MOST_TABLE_BYTES = 1 << 26


@dataclass(frozen=True)
class Words(Spelled):
    """A string is its rank among the words.

    New words of a block follow in the order in which they appear; its texts are the new words.

    Args:
        packed: the words, ascending, as `pack_words` packs them.
    """

    packed: bytes
    kind: ClassVar[str] = "words"

    @cached_property
    def words(self) -> pa.Array:
        """The words, ascending."""
        return unpack_words(self.packed)

    @property
    def own(self) -> tuple[SubColumn, ...]:
        """One category."""
        return (SubColumn(self.column, self.column, role="category", family="rank"),)

    def divide(self, present: pa.Array) -> tuple[dict[str, Integers], pa.Array]:
        """Return ranks, and the new words."""
        encoded = present.dictionary_encode()
        ranks = pc.index_in(encoded.dictionary, value_set=self.words)
        is_new = ranks.is_null()
        new = encoded.dictionary.filter(is_new)
        is_later = is_new.to_numpy(zero_copy_only=False)
        later = len(self.words) + np.cumsum(is_later) - 1
        numbers = np.where(is_later, later, ranks.fill_null(0).to_numpy()).astype(np.int64)
        return {self.column: numbers[encoded.indices.to_numpy()]}, new

    def unite(self, integers: Dictionary[str, Integers], texts: pa.Array, n_rows: int) -> pa.Array:
        """Invert `divide`; ValueError for ranks of no word."""
        ranks = integers[self.column]
        words = pa.concat_arrays([self.words, texts]) if len(texts) else self.words
        if len(ranks) != n_rows or (n_rows and not 0 <= ranks.min() <= ranks.max() < len(words)):
            raise ValueError("rank of no word")
        starts_of(to_byte_rows(words).lengths[ranks], MOST_BYTES)
        return words.take(pa.array(ranks))

    @property
    def tables(self) -> tuple[bytes, ...]:
        """The packed words."""
        return (self.packed,)


def fit_words(column: str, present: pa.Array, share: float, has_nulls: bool) -> Words:
    """Choose the words that are worth a place in the codec.

    Args:
        column: name of the column.
        present: its values in a sample, of type `BINARY`, without nulls.
        share: rows of the archive per row of the sample.
        has_nulls: whether the column has nulls.
    """
    distinct = pc.value_counts(present)
    values, counts = distinct.field("values"), distinct.field("counts").to_numpy()
    pays = _pay(counts, share) & (pc.binary_length(values).to_numpy() <= MOST_WORD_BYTES)
    order = np.argsort(-counts, kind="stable")
    order = order[pays[order]][:MOST_WORDS]
    lengths = pc.binary_length(values).to_numpy()[order].astype(np.int64)
    order = order[np.cumsum(lengths) <= _MOST_TABLE_BYTES]
    packed = pack_words(sorted(values.take(pa.array(order)).to_pylist()))
    return Words(column, BINARY, has_nulls, packed)


def words_of_json(
    tree: Dictionary[str, Any], column: str, kind: pa.DataType, tables: Sequence[bytes]
) -> Words:
    """Read `Words`; ValueError, KeyError or TypeError if damaged."""
    if kind != BINARY or len(tables) != 1:
        raise ValueError(f"no words of type {kind}, or not one table of them")
    mapping = Words(column, kind, boolean_of(tree, "has_nulls"), tables[0])
    _ = mapping.words  # reads the table, so that damage shows now
    return mapping


def _pay(counts: Int64[np.ndarray, "words"], share: float) -> Bool[np.ndarray, "words"]:
    """Say which words the archive is expected to hold twice.

    Good and Turing: as many rows to come are words seen once as the sample has words seen twice,
    twice over.
    """
    n_once, n_twice = (int((counts == times).sum()) for times in (1, 2))
    again = 2 * n_twice / max(n_once, 1) * (share - 1)
    return (counts >= 2) | (again >= 1)


def estimate_words(mapping: Words, present: pa.Array, share: float) -> float:
    """Estimate the bytes of a sample's strings, with its part of the words."""
    integers, new = mapping.divide(present)
    counts = np.unique(integers[mapping.column], return_counts=True)[1]
    bits = float(-(counts * np.log2(counts / max(len(present), 1))).sum())
    return bits / 8 + len(pack_texts(new)) + len(mapping.packed) / share
