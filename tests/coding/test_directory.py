"""Directories of blocks: the shorter of two forms, and no more than a writer makes."""

from __future__ import annotations

import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ae_pipeline.coding.directory import Entry, open_directory, pack_directory
from ae_pipeline.coding.varint import Reader, varint

_lengths = st.lists(st.integers(0, 1 << 20), max_size=4)
_entries = st.lists(st.tuples(st.integers(0, 63), _lengths), max_size=40)


def read_all(content: bytes, is_deflated: bool, codes: list[int], entries: list[Entry]) -> Reader:
    """Read a directory that is known, and check it; return the reader of the block."""
    reader = Reader(content)
    ways, lengths = open_directory(reader, len(entries), is_deflated)
    assert lengths.varints(len(codes)) == codes
    for way, own in entries:
        assert ways.byte() == way
        assert lengths.varints(len(own)) == list(own)
    assert lengths is reader or lengths.is_at_end
    return reader


@given(_lengths, _entries)
def test_round_trip(codes: list[int], entries: list[Entry]) -> None:
    """Ways and lengths come back from either form, and the reader stands behind them."""
    content, is_deflated = pack_directory(codes, entries)
    assert read_all(content, is_deflated, codes, entries).is_at_end


def test_columns_stored_alike_take_little() -> None:
    """Two thousand constant columns take a few bytes, not two thousand entries."""
    content, is_deflated = pack_directory([], [(0, [2])] * 2000)
    assert is_deflated
    assert len(content) < 40


def test_a_small_directory_is_plain() -> None:
    """Where nothing repeats, nothing is added."""
    assert pack_directory([], [(3, [70])]) == (b"\3\x46", False)


LONG = zlib.compress(bytes((1 << 22) + 1), wbits=-15)
FORGED = {
    "noise": varint(4) + b"\xff\xfe\xfd\xfc",
    "empty": varint(0),
    "too few": varint(3) + zlib.compress(b"", wbits=-15) + b"\0",
    "too long": varint(len(LONG)) + LONG,
    "more behind": varint(12) + zlib.compress(bytes(9), wbits=-15).ljust(12, b"\0"),
    "cut": varint(99),
}


@pytest.mark.parametrize("name", FORGED)
def test_forged_directories(name: str) -> None:
    """What no writer makes is a `ValueError`, before more than 4 MiB are expanded."""
    with pytest.raises(ValueError, match=r"directory|content"):
        open_directory(Reader(FORGED[name]), 2, is_deflated=True)
