"""Parts of objects: few requests, no bytes but those that are wanted."""

from __future__ import annotations

from io import BufferedReader
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from obstore.store import MemoryStore

from ae_pipeline.errors import FragmentReplacedError
from ae_pipeline.locations import SESSION_PREFIX, Location
from ae_pipeline.store.fetching.ranges import RangedFile, Span, cut_pieces
from ae_pipeline.store.mirror import Mirror

SIZE = 1 << 20
CONTENT = b"".join(number.to_bytes(4, "big") for number in range(SIZE // 4))
SPANS = st.lists(st.tuples(st.integers(0, 999), st.integers(1, 99)), max_size=9)


@pytest.fixture
def mirror(tmp_path: Path) -> Mirror:
    """Of a bucket with one object."""
    client = MemoryStore()
    client.put("key", CONTENT)
    mirror = Mirror(client, tmp_path / f"{SESSION_PREFIX}0", Location("s3", "b", ""))
    mirror.refresh("key")
    return mirror


def opened(mirror: Mirror, spans: list[Span]) -> BufferedReader:
    """The object, of which these parts will be read."""
    file = RangedFile(mirror, "key", mirror.entries["key"])
    file.expect(spans, n_at_once=1)
    return BufferedReader(file, 1 << 12)


@pytest.mark.parametrize("spans", [[], [(0, SIZE)], [(100, 5000), (300_000, 700_001)]])
def test_reads_what_is_there(mirror: Mirror, spans: list[Span]) -> None:
    """Whatever was expected, and wherever one reads, the bytes are those of the object."""
    with opened(mirror, spans) as file:
        for start, size in ((0, 10), (99, 10_000), (299_999, 300_001), (SIZE - 7, 99), (SIZE, 1)):
            file.seek(start)
            assert file.read(size) == CONTENT[start : start + size]
        file.seek(0)
        assert file.read() == CONTENT


def test_another_version_is_no_part_of_this(mirror: Mirror) -> None:
    """Parts that were fetched of an older version are not read for the new one."""
    with opened(mirror, [(0, 100)]) as file:
        assert file.read(4) == CONTENT[:4]
    mirror.client.put("key", CONTENT[::-1])
    mirror.refresh("key")
    with opened(mirror, [(0, 100)]) as file:
        assert file.read(4) == CONTENT[:-5:-1]


def test_replaced_midway(mirror: Mirror) -> None:
    """An object that is replaced while it is read gives an error, not bytes of both."""
    with opened(mirror, [(0, 100), (5000, 6000)]) as file:
        file.read(4)
        mirror.client.put("key", CONTENT[::-1])
        file.seek(5000)
        with pytest.raises(FragmentReplacedError):
            file.read(4)


@given(SPANS, st.integers(1, 300))
def test_pieces_cover_the_spans(found: list[Span], n_bytes: int) -> None:
    """Pieces hold each byte of the spans once and no other, in order, none longer than allowed."""
    spans = [(start, start + size) for start, size in found]
    pieces = cut_pieces(spans, n_bytes)
    covered = [at for start, stop in pieces for at in range(start, stop)]
    assert covered == sorted({at for start, stop in spans for at in range(start, stop)})
    assert all(0 < stop - start <= n_bytes for start, stop in pieces)
    assert all(before[1] <= after[0] for before, after in pairwise(pieces))
