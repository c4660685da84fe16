"""The column chunks of a Parquet file: where they lie and the bytes they take, by its footer alone.

Not through Arrow's `ColumnChunkMetaData`: on a damaged footer its constructor throws what no
`except` catches, and the process ends. Source: parquet.thrift.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import BinaryIO

from ae_pipeline.parquet.footer import COLUMNS, META_DATA, PATH, ROW_GROUPS, footer_bytes, parsing
from ae_pipeline.parquet.thrift import Each, Selected, Take, Thrift

#: Fields of a column chunk's metadata in parquet.thrift.
_N_VALUES, _STORED_BYTES, _DATA_OFFSET, _DICTIONARY_OFFSET = 5, 7, 9, 11
_NUMBERS = (_N_VALUES, _STORED_BYTES, _DATA_OFFSET, _DICTIONARY_OFFSET)
_PLACES = {PATH: Take.TEXTS, **dict.fromkeys(_NUMBERS, Take.INTEGER)}
_SIZES = {PATH: Take.TEXTS, _STORED_BYTES: Take.INTEGER}


@dataclass(frozen=True)
class Chunk:
    """Where the pages of one leaf column of one row group lie."""

    path: str
    n_values: int
    start: int
    size_bytes: int


def find_chunks(file: BinaryIO) -> list[list[Chunk]]:
    """Return the column chunks of each row group; `pa.ArrowInvalid` if the footer is damaged."""
    with parsing("its columns cannot be found"):
        return [[_chunk(chunk) for chunk in group] for group in _groups(file, _PLACES)]


def leaf_sizes(file: BinaryIO) -> dict[str, int]:
    """Return the stored bytes of each leaf column, page headers included, by its path.

    Raises:
        pa.ArrowInvalid: the footer is damaged; `reading_errors` names the file.
    """
    sizes: Counter[str] = Counter()
    with parsing("sizes of its columns cannot be read"):
        for chunk in (chunk for group in _groups(file, _SIZES) for chunk in group):
            path, size = _path(chunk), chunk.get(_STORED_BYTES, 0)
            if size < 0:
                raise ValueError(f"column {path} of {size} bytes")
            sizes[path] += size
    return dict(sizes)


def column_bytes(leaves: Mapping[str, int], name: str) -> int:
    """Return the stored bytes of a flat or vector column, given those of all leaf columns."""
    return leaves.get(name, 0) + leaves.get(f"{name}.list.element", 0)


def _groups(file: BinaryIO, wanted: Mapping[int, Take]) -> list[list[Selected]]:
    """Return some metadata of each column chunk of each row group."""
    columns = Each({COLUMNS: Each({META_DATA: wanted})})
    footer = Thrift(footer_bytes(file)).select({ROW_GROUPS: columns})
    return [
        [chunk[META_DATA] for chunk in group.get(COLUMNS, ()) if META_DATA in chunk]
        for group in footer.get(ROW_GROUPS, ())
    ]


def _chunk(metadata: Selected) -> Chunk:
    path = _path(metadata)
    numbers = [metadata.get(number, 0) for number in _NUMBERS]
    n_values, size_bytes, start, dictionary = numbers
    if min(numbers) < 0:
        raise ValueError(f"column {path} lies nowhere")
    return Chunk(path, n_values, dictionary if 0 < dictionary < start else start, size_bytes)


def _path(metadata: Selected) -> str:
    return ".".join(metadata.get(PATH, ()))
