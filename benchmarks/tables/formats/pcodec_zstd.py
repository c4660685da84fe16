"""Numbers by pcodec at its highest level, texts by Zstandard or as numbers of a dictionary."""

from __future__ import annotations

import struct
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import zstandard
from pcodec import ChunkConfig, standalone

from benchmarks.tables.formats.column_files import column_peer
from benchmarks.tables.formats.streams import Stream, from_text_parts, text_parts

_CONFIG = ChunkConfig(compression_level=12, enable_8_bit=True)
_PLAIN, _DICTIONARY = 0, 1


class PcodecZstd:
    """The codec of both kinds of stream."""

    def choose(self, streams: Sequence[Stream]) -> None:
        """Return nothing: each stream is tried in both ways as it is packed."""

    def pack(self, stream: Stream, choice: None) -> bytes:
        """Return at least one value as bytes."""
        if isinstance(stream, np.ndarray):
            return _pack_numbers(stream)
        encoded = stream.dictionary_encode()
        words = _pack_texts(encoded.dictionary)
        indices = _pack_numbers(encoded.indices.to_numpy())
        dictionary = struct.pack("<BI", _DICTIONARY, len(words)) + words + indices
        plain = struct.pack("<BI", _PLAIN, 0) + _pack_texts(stream)
        return min(dictionary, plain, key=len)

    def unpack(self, content: bytes, like: Stream) -> Stream:
        """Restore a stream: the inverse of `pack`."""
        if isinstance(like, np.ndarray):
            return standalone.simple_decompress(content)
        way, size = struct.unpack_from("<BI", content)
        if way == _PLAIN:
            return _unpack_texts(content[5:])
        words = _unpack_texts(content[5 : 5 + size])
        return words.take(pa.array(standalone.simple_decompress(content[5 + size :])))


def _pack_numbers(numbers: np.ndarray) -> bytes:
    return bytes(standalone.simple_compress(np.ascontiguousarray(numbers), _CONFIG))


def _pack_texts(texts: pa.Array) -> bytes:
    lengths, joined = text_parts(texts)
    packed = _pack_numbers(lengths)
    return struct.pack("<I", len(packed)) + packed + zstandard.compress(joined, 19)


def _unpack_texts(content: bytes) -> pa.Array:
    (size,) = struct.unpack_from("<I", content)
    lengths = standalone.simple_decompress(content[4 : 4 + size])
    return from_text_parts(lengths, zstandard.decompress(content[4 + size :]))


PCODEC_ZSTD = column_peer("pcodec + zstd", PcodecZstd(), "pcodec")
