"""The smallest Parquet: for each column the best of all encodings and levels of Zstandard."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any  # options of Arrow's writer

import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.tables.peer import TablePeer

#: None is a dictionary.
_INTEGERS = (None, "PLAIN", "DELTA_BINARY_PACKED", "BYTE_STREAM_SPLIT")
_FLOATS = (None, "PLAIN", "BYTE_STREAM_SPLIT")
_ENCODINGS: dict[str, tuple[str | None, ...]] = {
    "BOOLEAN": ("PLAIN", "RLE"),
    "INT32": _INTEGERS,
    "INT64": _INTEGERS,
    "FLOAT": _FLOATS,
    "DOUBLE": _FLOATS,
    "BYTE_ARRAY": (None, "PLAIN", "DELTA_BYTE_ARRAY", "DELTA_LENGTH_BYTE_ARRAY"),
    "FIXED_LEN_BYTE_ARRAY": (None, "PLAIN", "BYTE_STREAM_SPLIT", "DELTA_BYTE_ARRAY"),
}
_LEVELS = (3, 9, 19)
#: One page per column: Zstandard finds most in large pieces.
_PAGE_BYTES, _PAGE_ROWS = 1 << 30, 1 << 30


@dataclass(frozen=True)
class Coding:
    """How one leaf of a schema is written; encoding None is a dictionary."""

    encoding: str | None
    level: int


@dataclass(frozen=True)
class ParquetChoice:
    """How all leaves are written, and whether the file has to state Arrow's schema."""

    leaves: dict[str, Coding]
    needs_schema: bool


def choose(parts: Sequence[pa.Table]) -> ParquetChoice:
    """Try every encoding and level on every column of all tables; keep the smallest."""
    leaves: dict[str, Coding] = {}
    for name in dict.fromkeys(name for part in parts for name in part.column_names):
        leaves.update(_best([part.select([name]) for part in parts if name in part.column_names]))
    return ParquetChoice(leaves, any(map(_loses_schema, parts)))


def _best(parts: Sequence[pa.Table]) -> dict[str, Coding]:
    """Return the smallest coding of each leaf of one column."""
    sizes: dict[Coding, Counter[str]] = {}
    for coding, leaves in _candidates(parts[0]):
        chosen = ParquetChoice(leaves, needs_schema=False)
        try:
            sizes[coding] = sum((_leaf_bytes(_pack(part, chosen)) for part in parts), Counter())
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError, OSError):
            continue  # an encoding that Arrow does not write for this type
    paths = {path for found in sizes.values() for path in found}
    usable = {path: _ENCODINGS[kind] for path, kind in _leaves(parts[0]).items()}
    return {
        path: min(
            (coding for coding in sizes if coding.encoding in usable[path]),
            key=lambda coding: sizes[coding][path],
        )
        for path in paths
    }


def _candidates(table: pa.Table) -> Iterator[tuple[Coding, dict[str, Coding]]]:
    """Yield each coding with what it means for each leaf: a leaf may lack the encoding."""
    kinds = _leaves(table)
    for encoding in dict.fromkeys(e for kind in kinds.values() for e in _ENCODINGS[kind]):
        for level in _LEVELS:
            yield (
                Coding(encoding, level),
                {
                    path: Coding(encoding if encoding in _ENCODINGS[kind] else "PLAIN", level)
                    for path, kind in kinds.items()
                },
            )


def write(table: pa.Table, path: Path, choice: ParquetChoice) -> None:
    """Write a table as one row group."""
    path.write_bytes(_pack(table, choice))


def read(path: Path, schema: pa.Schema) -> pa.Table:
    """Read it back; a type that only Arrow knows is in the file's own Arrow schema."""
    return pq.read_table(pa.BufferReader(path.read_bytes()), use_threads=False)


def column_bytes(path: Path, schema: pa.Schema) -> dict[str, int]:
    """Return the bytes of the chunks of each column, its leaves together."""
    found: Counter[str] = Counter()
    for leaf, size in _leaf_bytes(path.read_bytes()).items():
        found[_root(leaf, schema.names)] += size
    return dict(found)


def _root(leaf: str, names: Sequence[str]) -> str:
    """Return the column of a leaf; the names of columns may contain dots."""
    return max((name for name in names if f"{leaf}.".startswith(f"{name}.")), key=len)


def _pack(table: pa.Table, choice: ParquetChoice) -> bytes:
    sink = pa.BufferOutputStream()
    leaves = {path: choice.leaves[path] for path in _leaves(table)}
    encodings = {path: coding.encoding for path, coding in leaves.items() if coding.encoding}
    options: dict[str, Any] = {"column_encoding": encodings} if encodings else {}
    pq.write_table(
        table,
        sink,
        compression=dict.fromkeys(leaves, "zstd") or "zstd",
        compression_level={path: coding.level for path, coding in leaves.items()} or None,
        use_dictionary=[path for path, coding in leaves.items() if coding.encoding is None],
        dictionary_pagesize_limit=_PAGE_BYTES,
        row_group_size=max(table.num_rows, 1),
        data_page_size=_PAGE_BYTES,
        max_rows_per_page=_PAGE_ROWS,
        write_statistics=False,
        store_schema=choice.needs_schema,
        store_decimal_as_integer=True,
        **options,
    )
    return bytes(sink.getvalue())


def _leaf_bytes(content: bytes) -> Counter[str]:
    found: Counter[str] = Counter()
    metadata = pq.read_metadata(pa.BufferReader(content))
    for number in range(metadata.num_row_groups):
        group = metadata.row_group(number)
        for index in range(group.num_columns):
            chunk = group.column(index)
            found[chunk.path_in_schema] += chunk.total_compressed_size
    return found


def _leaves(table: pa.Table) -> dict[str, str]:
    """Return the physical types of all leaves by their paths."""
    schema = _empty_file(table).schema
    return {schema.column(i).path: schema.column(i).physical_type for i in range(len(schema))}


def _loses_schema(table: pa.Table) -> bool:
    """Whether Parquet's own types say less than the Arrow schema."""
    return not _empty_file(table).schema_arrow.equals(table.schema.remove_metadata())


def _empty_file(table: pa.Table) -> pq.ParquetFile:
    sink = pa.BufferOutputStream()
    pq.write_table(table.slice(0, 0), sink, store_schema=False, store_decimal_as_integer=True)
    return pq.ParquetFile(pa.BufferReader(sink.getvalue()))


BEST_PARQUET = TablePeer("best Parquet", write, read, choose, column_bytes)
