"""Bytes and CPU-seconds of a peer on a table; every value is read back and compared."""

from __future__ import annotations

import resource
import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.tables.compare import n_different, one_array
from benchmarks.tables.formats import BEST_PARQUET
from benchmarks.tables.peer import TableEntry, TablePeer
from benchmarks.tables.source import TableSource


class DifferentValuesError(Exception):
    """A peer did not return its source.

    Args:
        columns: names of the columns with other values.
    """

    def __init__(self, columns: Sequence[str]) -> None:
        super().__init__(f"other values in {', '.join(columns)}")
        self.columns = tuple(columns)


@dataclass(frozen=True)
class Stored:
    """All tables of a layout, written and read."""

    n_bytes: int = 0
    encode_s: float = 0.0
    decode_s: float = 0.0


def measure_table_peer(peer: TablePeer, source: TableSource, folder: Path) -> TableEntry:
    """Store the source in all layouts below `folder`; return the smallest."""
    if not peer.is_installed:
        return TableEntry(peer.name, failure="not installed")
    import_module(peer.package)  # before the clock starts
    entries = [
        _measure(peer, layout, parts, folder / str(number))
        for number, (layout, parts) in enumerate(source.layouts.items())
    ]
    whole = [entry for entry in entries if not entry.failure]
    return min(whole or entries, key=lambda entry: entry.n_bytes)


def source_entry(source: TableSource) -> TableEntry:
    """Return the bytes of the source's own files, and the time that reading them takes."""
    base = source.root.parent if source.root.is_file() else source.root
    started = cpu_s()
    for path in source.paths:
        with pq.ParquetFile(base / path) as file:
            file.read(use_threads=False)
    return TableEntry("source files", source.file_bytes, decode_s=cpu_s() - started, layout="as is")


def cpu_s() -> float:
    """Return the CPU-seconds of this process and of its children that have ended."""
    usages = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def _measure(peer: TablePeer, layout: str, parts: Sequence[pa.Table], folder: Path) -> TableEntry:
    """Store all that the peer can hold, and the other columns as the best Parquet."""
    fallen: tuple[str, ...] = ()
    while True:
        held = [_without(part, fallen) for part in parts]
        try:
            stored, columns = _store(peer, held, folder / "held")
            break
        except Exception as error:
            culprits = _culprits(peer, held, folder / "alone", error)
            fallen += culprits
            if not culprits:
                failure = f"failed: {type(error).__name__}: {error}".splitlines()[0][:200]
                return TableEntry(peer.name, layout=layout, failure=failure)
    rest, rest_columns = Stored(), Counter[str]()
    if fallen:
        others = [part.select([n for n in part.column_names if n in fallen]) for part in parts]
        rest, rest_columns = _store(BEST_PARQUET, others, folder / "fallen")
    return TableEntry(
        peer.name,
        stored.n_bytes + rest.n_bytes,
        stored.encode_s + rest.encode_s,
        stored.decode_s + rest.decode_s,
        layout,
        fallen,
        dict(columns + rest_columns) if peer.column_bytes else None,
    )


def _without(table: pa.Table, names: Sequence[str]) -> pa.Table:
    return table.drop_columns([name for name in table.column_names if name in names])


def _culprits(
    peer: TablePeer, parts: Sequence[pa.Table], folder: Path, error: Exception
) -> tuple[str, ...]:
    """Return the columns that the peer cannot hold: those that differ, or fail alone."""
    if isinstance(error, DifferentValuesError):
        return error.columns
    names = dict.fromkeys(name for part in parts for name in part.column_names)
    return tuple(name for name in names if not _holds(peer, parts, name, folder))


def _holds(peer: TablePeer, parts: Sequence[pa.Table], name: str, folder: Path) -> bool:
    try:
        _store(peer, [part.select([name]) for part in parts if name in part.column_names], folder)
    except Exception:
        return False
    return True


def _store(peer: TablePeer, parts: Sequence[pa.Table], folder: Path) -> tuple[Stored, Counter[str]]:
    """Write, read and compare all tables.

    Raises:
        DifferentValuesError: a column did not come back bit for bit.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    if not any(part.num_columns for part in parts):
        return Stored(), Counter()
    choice = peer.choose(parts)
    paths = [folder / f"{number}.stored" for number in range(len(parts))]
    started = cpu_s()
    for part, path in zip(parts, paths, strict=True):
        peer.write(part, path, choice)
    encode_s = cpu_s() - started
    decode_s, columns = 0.0, Counter[str]()
    for part, path in zip(parts, paths, strict=True):
        started = cpu_s()
        decoded = peer.read(path, part.schema)
        decode_s += cpu_s() - started
        _check(part, decoded)
        if peer.column_bytes:
            columns.update(peer.column_bytes(path, part.schema))
    return Stored(sum(map(_size, _files(folder))), encode_s, decode_s), columns


def _check(source: pa.Table, decoded: pa.Table) -> None:
    if source.column_names != decoded.column_names:
        raise ValueError(f"other columns: {decoded.column_names}")
    wrong = [
        name
        for name in source.column_names
        if n_different(one_array(source[name]), one_array(decoded[name]))
    ]
    if wrong:
        raise DifferentValuesError(wrong)


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file())


def _size(path: Path) -> int:
    return path.stat().st_size
