"""The words of a codec as bytes: sorted, without what each shares with the one before.

A packed table is the number of words and two streams after their lengths, the bytes that each word
shares with the one before it and the length of each word; then all words without their shared
bytes, one after the other, as `pack_bytes` packs them. Words ascend as bytes do.
"""

from __future__ import annotations

import itertools

import numpy as np
import pyarrow as pa
from jaxtyping import Int64

from ae_pipeline.coding.entropy import pack_integers, unpack_integers
from ae_pipeline.coding.varint import Reader, prefixed, varint
from ae_pipeline.mapping.strings.byte_rows import BINARY, starts_of
from ae_pipeline.mapping.strings.texts import pack_bytes, unpack_bytes

#: Longer strings are no words.
MOST_WORD_BYTES = 1 << 12
MOST_WORDS = 1 << 20
#: Bytes of all words of a table.
_MOST_TABLE_BYTES = 1 << 28


def pack_words(words: list[bytes]) -> bytes:
    """Pack words that ascend; the smaller of with and without shared bytes."""
    lengths = np.array([len(word) for word in words], np.int64)
    shared = np.array(
        [0, *itertools.starmap(_n_shared, itertools.pairwise(words))][: len(words)], np.int64
    )
    return min((_pack(words, lengths, each) for each in (shared, np.zeros_like(shared))), key=len)


def _pack(
    words: list[bytes], lengths: Int64[np.ndarray, "words"], shared: Int64[np.ndarray, "words"]
) -> bytes:
    rest = b"".join(word[start:] for word, start in zip(words, shared.tolist(), strict=True))
    streams = [pack_integers(shared), pack_integers(lengths)]
    return varint(len(words)) + prefixed(streams) + pack_bytes(rest)


def _n_shared(before: bytes, word: bytes) -> int:
    most = min(len(before), len(word))
    return next((i for i in range(most) if before[i] != word[i]), most)


def unpack_words(content: bytes) -> pa.Array:
    """Invert `pack_words`.

    Returns:
        The words as `BINARY`.

    Raises:
        ValueError: these are no words that ascend.
    """
    reader = Reader(content)
    n_words = reader.varint()
    if n_words > MOST_WORDS:
        raise ValueError(f"table of {n_words} words")
    streams = reader.take_prefixed(2)
    shared, lengths = (unpack_integers(stream, n_words) for stream in streams)
    rest = unpack_bytes(content[reader.position :])
    starts_of(lengths, _MOST_TABLE_BYTES)
    starts = starts_of(lengths - shared, len(rest))
    if (shared < 0).any() or starts[-1] != len(rest):
        raise ValueError("words do not fit their bytes")
    return pa.array(_words(rest, shared.tolist(), starts.tolist()), BINARY)


def _words(rest: bytes, shared: list[int], starts: list[int]) -> list[bytes]:
    words, word = [], b""
    for index, n_shared in enumerate(shared):
        if n_shared > len(word):
            raise ValueError("a word shares more than there is")
        before, word = word, word[:n_shared] + rest[starts[index] : starts[index + 1]]
        if index and word <= before:
            raise ValueError("words do not ascend")
        words.append(word)
    return words
