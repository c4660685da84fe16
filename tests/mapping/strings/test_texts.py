"""Strings compressed together."""

from __future__ import annotations

import bz2
from contextlib import suppress

import numpy as np
import pyarrow as pa
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from ae_pipeline.coding.varint import varint
from ae_pipeline.mapping.strings.byte_rows import BINARY
from ae_pipeline.mapping.strings.texts import pack_bytes, pack_texts, unpack_bytes, unpack_texts


@given(st.lists(st.binary(max_size=20)))
def test_texts_come_back(texts: list[bytes]) -> None:
    """Any strings come back, empty ones and zero bytes included."""
    array = pa.array(texts, BINARY)
    assert unpack_texts(pack_texts(array), len(texts)).equals(array)


def test_texts_of_a_slice() -> None:
    """A slice of a column packs its own strings."""
    array = pa.array([b"a", b"bc", b"", b"d"], BINARY)[1:3]
    assert unpack_texts(pack_texts(array), 2).equals(array)


def test_megabytes() -> None:
    """Strings of megabytes come back."""
    array = pa.array([b"ab" * 3_000_000, b"", bytes(range(256)) * 8000], BINARY)
    packed = pack_texts(array)
    assert len(packed) < 10_000
    assert unpack_texts(packed, 3).equals(array)


def test_prose() -> None:
    """Prose comes back in fewer bytes than zstd takes for it."""
    rng = np.random.default_rng(0)
    words = ["".join(map(chr, rng.integers(97, 110, rng.integers(1, 9)))) for _ in range(800)]
    prose = " ".join(words[int(number) % 800] for number in rng.zipf(1.3, 20_000)).encode()
    packed = pack_bytes(prose)
    assert len(packed) < len(zstandard.compress(prose, 19))
    assert unpack_bytes(packed) == prose


@given(st.binary(max_size=40))
def test_forged_texts(content: bytes) -> None:
    """Any bytes are read or refused with a ValueError."""
    with suppress(ValueError):
        unpack_texts(content, 10)


@pytest.mark.parametrize(
    "packed",
    [
        varint(1 << 32 | 1) + b"\x28\xb5\x2f\xfd",
        varint(1 << 42 | 2) + bytes(100),
        varint(401) + zstandard.ZstdCompressor().compress(bytes(1 << 20)),
        varint(4001) + zstandard.ZstdCompressor().compress(bytes(100)),
        varint(401) + b"no frame",
        varint(402) + b"no frame",
        varint(402) + bz2.compress(bytes(1 << 20)),
        varint(402) + bz2.compress(bytes(100))[:-1],
        varint(403) + bytes(100),
        varint(801) + pack_bytes(bytes(200))[2:-3],
    ],
    ids=[
        *("claim", "large claim", "frame holds more", "frame holds less", "no frame"),
        *("no bzip2", "bzip2 holds more", "bzip2 cut off", "mode", "cut off"),
    ],
)
def test_claims_of_sizes(packed: bytes) -> None:
    """A frame of another size than claimed is refused, before memory is taken for it."""
    with pytest.raises(ValueError, match=r"claim|frame|size"):
        unpack_bytes(packed)
