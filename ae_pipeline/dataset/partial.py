"""Open a fragment of which little is read: of an object, only that is fetched."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from io import BufferedReader

import pyarrow as pa
import pyarrow.parquet as pq

from ae_pipeline.columns import check_unique_names
from ae_pipeline.dataset.fragment import Fragment
from ae_pipeline.dataset.opening import (
    Opened,
    open_fragment,
    opened,
    read_metadata,
    reading_errors,
    reading_options,
)
from ae_pipeline.parquet import Chunk, find_chunks
from ae_pipeline.store import Span, expect, is_unfetched, open_end, version_of


@contextmanager
def opened_end(fragment: Fragment) -> Iterator[BufferedReader]:
    """Open a fragment as bytes of which little but the end is read; errors as `opened`.

    Of an object, only what is read is fetched.
    """
    if is_unfetched(fragment.path):
        with reading_errors(fragment), open_end(fragment.path) as content:
            yield content
    else:
        with opened(fragment) as content:
            yield content


@contextmanager
def open_part(
    fragment: Fragment, columns: Sequence[str] | None, row_groups: Sequence[int] | None
) -> Iterator[pq.ParquetFile]:
    """Open a fragment to read some of it; of an object, only that is fetched unless it is most.

    Args:
        fragment: to open; errors as `open_fragment`.
        columns: that will be read; None for all.
        row_groups: that will be read; None for all.
    """
    is_part = columns is not None or row_groups is not None
    if is_part and is_unfetched(fragment.path):
        with opened_end(fragment) as content:
            chunks = _wanted_chunks(Opened(_version(fragment), content), columns, row_groups)
            if chunks is not None and expect(content, *_spans(chunks)):
                with _of_object(fragment, content) as file:
                    yield file
                return
    with open_fragment(fragment) as file:
        yield file


@contextmanager
def open_footer(fragment: Fragment) -> Iterator[pq.ParquetFile]:
    """Open a fragment for its footer alone; of an object, only that is fetched.

    Its rows can be read, too, but slowly. Errors as `open_fragment`.
    """
    if not is_unfetched(fragment.path):
        with open_fragment(fragment) as file:
            yield file
        return
    with opened_end(fragment) as content, _of_object(fragment, content) as file:
        yield file


def fragment_schema(fragment: Fragment) -> pa.Schema:
    """Return the Arrow schema of a fragment; `DuplicateColumnError` if two names are the same."""
    with open_footer(fragment) as file:
        schema = file.schema_arrow
    check_unique_names(schema.names, fragment.relative)
    return schema


def _of_object(fragment: Fragment, content: BufferedReader) -> pq.ParquetFile:
    metadata = read_metadata(Opened(_version(fragment), content))
    return pq.ParquetFile(content, metadata=metadata, **reading_options(fragment))


def _version(fragment: Fragment) -> Hashable:
    return str(fragment.path), version_of(fragment.path)


@lru_cache(maxsize=4)
def _read_chunks(file: Opened) -> list[list[Chunk]]:
    """Find the column chunks of a file once: a hundred thousand take seconds."""
    return find_chunks(file.content)


def _wanted_chunks(
    file: Opened, columns: Sequence[str] | None, row_groups: Sequence[int] | None
) -> list[list[Chunk]] | None:
    """Return the column chunks to read in each row group; a few more where names have dots.

    None if the footer does not tell: whoever reads the whole file decides what is wrong with it.
    """
    try:
        groups = _read_chunks(file)
        chosen = groups if row_groups is None else [groups[number] for number in row_groups]
    except (pa.ArrowInvalid, IndexError):
        return None
    if columns is None:
        return chosen
    starts = tuple(f"{name}." for name in columns)
    return [[chunk for chunk in group if f"{chunk.path}.".startswith(starts)] for group in chosen]


def _spans(groups: list[list[Chunk]]) -> tuple[list[Span], int]:
    """Return where chunks lie, and how many are read in turns."""
    spans = [(one.start, one.start + one.size_bytes) for group in groups for one in group]
    return spans, max(map(len, groups), default=0)
