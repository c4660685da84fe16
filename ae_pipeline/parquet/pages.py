"""Read what the pages of a Parquet file claim to hold, from their headers alone.

A header of twenty bytes may claim two billion values or gigabytes, and Arrow allocates the memory
before it finds out. Nothing is decoded here. Source: parquet.thrift.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import BinaryIO

from ae_pipeline.parquet.column_chunks import Chunk
from ae_pipeline.parquet.footer import parsing
from ae_pipeline.parquet.thrift import Take, Thrift, Wanted

_DATA_PAGE, _DICTIONARY_PAGE, _DATA_PAGE_2 = 0, 2, 3
#: Fields of a page's header in parquet.thrift,
_PAGE_KIND, _PAGE_BYTES, _STORED_BYTES = 1, 2, 3
#: and for each kind of page a header of its own, in which the encoding has this number.
_OWN_HEADER = {_DATA_PAGE: 5, _DICTIONARY_PAGE: 7, _DATA_PAGE_2: 8}
_PAGE_VALUES, _ENCODING = 1, {_DATA_PAGE: 2, _DICTIONARY_PAGE: 2, _DATA_PAGE_2: 4}
_HEADER: Wanted = {
    **dict.fromkeys((_PAGE_KIND, _PAGE_BYTES, _STORED_BYTES), Take.INTEGER),
    **{
        number: dict.fromkeys((_PAGE_VALUES, _ENCODING[kind]), Take.INTEGER)
        for kind, number in _OWN_HEADER.items()
    },
}
_PLAIN_DICTIONARY, _DELTA_TEXT, _DICTIONARY = 2, 7, 8
#: Headers may hold statistics; Arrow refuses longer ones, too.
_HEADER_BYTES, _MOST_HEADER_BYTES = 1 << 8, 1 << 24
#: Arrow reads on this far behind a chunk: early writers did not count the dictionary's header.
_SLACK_BYTES = 100


@dataclass(frozen=True)
class Claim:
    """The claims of a chunk's pages.

    Args:
        n_values: values, nulls and empty lists among them.
        page_bytes: bytes of all data pages, uncompressed.
        longest_page: bytes of the largest data page, uncompressed.
        dictionary_values: entries of the dictionary.
        dictionary_bytes: bytes of the dictionary, uncompressed.
        is_by_number: some page stores the numbers of dictionary entries.
        is_by_prefix: some page stores texts by the prefix shared with the text before.
    """

    n_values: int = 0
    page_bytes: int = 0
    longest_page: int = 0
    dictionary_values: int = 0
    dictionary_bytes: int = 0
    is_by_number: bool = False
    is_by_prefix: bool = False


@dataclass(frozen=True)
class _Page:
    kind: int
    size_bytes: int
    stored_bytes: int
    n_values: int
    encoding: int


def read_claim(file: BinaryIO, chunk: Chunk) -> Claim:
    """Add up the claims of a chunk's page headers; `pa.ArrowInvalid` if one is damaged."""
    claim = Claim()
    with parsing(f"pages of {chunk.path} cannot be read"):
        for page in _pages(file, chunk):
            claim = _with_page(claim, page)
    return claim


def _pages(file: BinaryIO, chunk: Chunk) -> Iterator[_Page]:
    """Yield headers until all values that the footer states are found, or the chunk ends."""
    position, n_left = chunk.start, chunk.n_values
    end = chunk.start + chunk.size_bytes + _SLACK_BYTES
    while n_left > 0 and position < end:
        page, header_bytes = _page(file, position, end)
        yield page
        position += header_bytes + page.stored_bytes
        n_left -= page.n_values if page.kind in (_DATA_PAGE, _DATA_PAGE_2) else 0


def _page(file: BinaryIO, position: int, end: int) -> tuple[_Page, int]:
    """Read a header and its length; a header longer than most is read twice."""
    size = _HEADER_BYTES
    while True:
        file.seek(position)
        thrift = Thrift(file.read(min(size, end - position)))
        try:
            return _parse(thrift), thrift.position
        except (IndexError, ValueError):
            if size >= min(end - position, _MOST_HEADER_BYTES):
                raise
            size <<= 4


def _parse(thrift: Thrift) -> _Page:
    header = thrift.select(_HEADER)
    kind, size_bytes, stored_bytes = (
        header.get(number, 0) for number in (_PAGE_KIND, _PAGE_BYTES, _STORED_BYTES)
    )
    own = header.get(_OWN_HEADER.get(kind, 0), {})
    n_values, encoding = own.get(_PAGE_VALUES, 0), own.get(_ENCODING.get(kind, 0), 0)
    if min(kind, size_bytes, stored_bytes, n_values) < 0:
        raise ValueError("a page of negative size")
    return _Page(kind, size_bytes, stored_bytes, n_values, encoding)


def _with_page(claim: Claim, page: _Page) -> Claim:
    if page.kind == _DICTIONARY_PAGE:
        return replace(
            claim,
            dictionary_values=claim.dictionary_values + page.n_values,
            dictionary_bytes=claim.dictionary_bytes + page.size_bytes,
        )
    if page.kind not in (_DATA_PAGE, _DATA_PAGE_2):
        return claim
    return replace(
        claim,
        n_values=claim.n_values + page.n_values,
        page_bytes=claim.page_bytes + page.size_bytes,
        longest_page=max(claim.longest_page, page.size_bytes),
        is_by_number=claim.is_by_number or page.encoding in (_PLAIN_DICTIONARY, _DICTIONARY),
        is_by_prefix=claim.is_by_prefix or page.encoding == _DELTA_TEXT,
    )
