"""What the pages of a Parquet file claim to hold, from their headers alone.

A header of twenty bytes may claim two billion values or gigabytes, and Arrow takes the memory
before it finds out. Nothing is decoded here. Source: parquet.thrift.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from ae_pipeline.parquet.footer import PATH, column_chunks, parsing, read_footer_bytes, row_groups
from ae_pipeline.parquet.thrift import Thrift

#: Fields of parquet.thrift: of a column chunk's metadata,
_N_VALUES, _COMPRESSED_BYTES, _DATA_OFFSET, _DICTIONARY_OFFSET = 5, 7, 9, 11
#: of a page's header, and of what it has for each kind of page, with the number of its encoding.
_PAGE_KIND, _PAGE_BYTES, _STORED_BYTES = 1, 2, 3
_DATA_HEADER, _DICTIONARY_HEADER, _DATA_HEADER_2 = 5, 7, 8
_PAGE_VALUES, _ENCODING = 1, {_DATA_HEADER: 2, _DICTIONARY_HEADER: 2, _DATA_HEADER_2: 4}
_DATA_PAGE, _DICTIONARY_PAGE, _DATA_PAGE_2 = 0, 2, 3
_PLAIN_DICTIONARY, _DELTA_TEXT, _DICTIONARY = 2, 7, 8
#: Headers may hold statistics; Arrow refuses longer ones, too.
_HEADER_BYTES, _MOST_HEADER_BYTES = 1 << 8, 1 << 24
#: Arrow reads on for so long behind a chunk: early writers did not count the dictionary's header.
_SLACK_BYTES = 100


@dataclass(frozen=True)
class Chunk:
    """Where the pages of one leaf column of one row group lie."""

    path: str
    n_values: int
    start: int
    size_bytes: int


@dataclass(frozen=True)
class Claim:
    """What the pages of a chunk claim.

    Args:
        n_values: nulls and empty lists among them.
        page_bytes: of all data pages, as they are before compression.
        longest_page: bytes of the largest of them.
        dictionary_values: entries of the dictionary.
        dictionary_bytes: of the dictionary, before compression.
        is_by_number: whether values are numbers of entries in some page.
        is_by_prefix: whether values share prefixes with those before them in some page.
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


def find_chunks(path: Path) -> list[list[Chunk]]:
    """The column chunks of each row group; `pa.ArrowInvalid` if the footer is damaged."""
    with parsing("its columns cannot be found"):
        thrift = Thrift(read_footer_bytes(path))
        return [[_chunk(thrift) for _ in column_chunks(thrift)] for _ in row_groups(thrift)]


def read_claim(file: BinaryIO, chunk: Chunk) -> Claim:
    """Add up what the headers of a chunk claim; `pa.ArrowInvalid` if one is damaged."""
    claim = Claim()
    with parsing(f"pages of {chunk.path} cannot be read"):
        for page in _pages(file, chunk):
            claim = _with_page(claim, page)
    return claim


def _chunk(thrift: Thrift) -> Chunk:
    path, numbers = "", dict.fromkeys((_N_VALUES, _COMPRESSED_BYTES, _DATA_OFFSET), 0)
    for number, kind in thrift.fields():
        if number == PATH:
            path = ".".join(thrift.texts())
        elif number in (_N_VALUES, _COMPRESSED_BYTES, _DATA_OFFSET, _DICTIONARY_OFFSET):
            numbers[number] = thrift.integer()
        else:
            thrift.skip(kind)
    start, dictionary = numbers[_DATA_OFFSET], numbers.get(_DICTIONARY_OFFSET, 0)
    start = dictionary if 0 < dictionary < start else start
    if min(start, *numbers.values()) < 0:
        raise ValueError(f"column {path} lies nowhere")
    return Chunk(path, numbers[_N_VALUES], start, numbers[_COMPRESSED_BYTES])


def _pages(file: BinaryIO, chunk: Chunk) -> Iterator[_Page]:
    """Headers, until there are as many values as the footer says, or the chunk ends."""
    position, n_left = chunk.start, chunk.n_values
    end = chunk.start + chunk.size_bytes + _SLACK_BYTES
    while n_left > 0 and position < end:
        page, header_bytes = _page(file, position, end)
        yield page
        position += header_bytes + page.stored_bytes
        n_left -= page.n_values if page.kind in (_DATA_PAGE, _DATA_PAGE_2) else 0


def _page(file: BinaryIO, position: int, end: int) -> tuple[_Page, int]:
    """A header and its length; it is read again where it is longer than most."""
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
    numbers, n_values, encoding = dict.fromkeys((_PAGE_KIND, _PAGE_BYTES, _STORED_BYTES), 0), 0, 0
    for number, kind in thrift.fields():
        if number in numbers:
            numbers[number] = thrift.integer()
        elif number in _ENCODING:
            for part, part_kind in thrift.fields():
                if part == _PAGE_VALUES:
                    n_values = thrift.integer()
                elif part == _ENCODING[number]:
                    encoding = thrift.integer()
                else:
                    thrift.skip(part_kind)
        else:
            thrift.skip(kind)
    if min(n_values, *numbers.values()) < 0:
        raise ValueError("a page of negative size")
    kind_found, size_bytes, stored_bytes = numbers.values()
    return _Page(kind_found, size_bytes, stored_bytes, n_values, encoding)


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
