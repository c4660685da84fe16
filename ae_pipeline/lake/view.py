"""A snapshot as a folder: links to its live files, and the few that are written anew.

A file that lacks a column of the table, or has it under another name or in a narrower type, is
written once with the table's columns. Its bytes follow from the file, the columns and the release
of Arrow alone, so its fingerprint is the same in every run.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from ae_pipeline.cancellation import beat
from ae_pipeline.hidden_names import is_temporary
from ae_pipeline.lake.folders import relative_names
from ae_pipeline.lake.matching import are_same, target_field
from ae_pipeline.lake.projecting import project
from ae_pipeline.lake.refuse import not_plain
from ae_pipeline.lake.snapshot import LiveFile, Snapshot
from ae_pipeline.locations import TableName
from ae_pipeline.out_of_memory import is_out_of_memory
from ae_pipeline.publish import destination_errors
from ae_pipeline.store.fetching.scratch import require_space

_SUFFIX = ".parquet"
#: Numbers of errors that stay; Arrow gives none to damaged files.
_LASTING = (None, errno.ENOENT, errno.EACCES)
_REWRITE = "rewrite the file with what keeps the table; then name the new version"
_BATCH_ROWS, _BATCH_BYTES = 1 << 16, 1 << 26
_ROW_GROUP_ROWS = 1 << 20
#: Everything that shapes a file and has a default, so that a new default changes no fingerprint.
_OPTIONS = {
    "version": "2.6",
    "data_page_version": "1.0",
    "compression": "zstd",
    "compression_level": 3,
    "use_dictionary": True,
    "data_page_size": 1 << 20,
    "write_statistics": True,
    "write_page_index": False,
    "store_schema": True,
}


@dataclass(frozen=True)
class View:
    """A snapshot as a folder of hive-style partitions.

    Args:
        name: of the table, with its version.
        table: folder of the table.
        folder: of the view.
        files: the file to read for each live one, by its path below the folder: the live one
            itself, or the one that was written anew.
        live: real paths of the live files.
        n_rewritten: how many are written anew.
    """

    name: TableName
    table: Path
    folder: Path
    files: tuple[tuple[str, Path], ...]
    live: frozenset[str]
    n_rewritten: int

    def count_dead(self) -> int:
        """Count Parquet files in the table's folder that the snapshot does not name."""
        found = (path for path in _parquet_below(self.table) if path not in self.live)
        return sum(1 for _ in found)

    @property
    def told(self) -> str:
        """The table in a line: `Delta table, version 12, 34 live files, 12 dead files ignored`."""
        what = "version" if self.name.scheme == "delta" else "snapshot"
        rewritten = f" ({self.n_rewritten:,} in other columns)" if self.n_rewritten else ""
        return (
            f"{self.name.kind} table, {what} {self.name.version}, {len(self.files):,} live files"
            f"{rewritten}, {self.count_dead():,} dead files ignored"
        )


def make_view(snapshot: Snapshot, folder: Path) -> View:
    """Make the folder of a snapshot.

    Args:
        snapshot: of a table.
        folder: to make, in a scratch folder.

    Raises:
        DiskFullError: there is no space for files in other columns.
        TableFormatError: a live file has columns that cannot become the table's.
    """
    folder.mkdir()
    files = []
    n_rewritten = 0
    for relative, file in zip(relative_names(snapshot.files), snapshot.files, strict=True):
        beat()
        place = folder / relative
        place.parent.mkdir(parents=True, exist_ok=True)
        n_rewritten += _show(snapshot, file, place)
        files.append((relative, place if not place.is_symlink() else file.path))
    live = frozenset(os.path.realpath(file.path) for file in snapshot.files)
    return View(snapshot.name, snapshot.root, folder, tuple(files), live, n_rewritten)


class _UnreadableError(Exception):
    """A live file cannot be read."""


def _show(snapshot: Snapshot, file: LiveFile, place: Path) -> bool:
    """Link to a live file, or write it anew; return whether it was written.

    There is a link to one that cannot be read, too: as a fragment it fails, and the others do not.
    """
    try:
        with _opened(file.path) as found:
            if not are_same(list(found.schema_arrow), list(snapshot.schema), snapshot.keys):
                _rewrite(snapshot, found, file, place)
                return True
    except _UnreadableError:
        place.unlink(missing_ok=True)
    place.symlink_to(file.path)
    return False


def _rewrite(snapshot: Snapshot, found: pq.ParquetFile, file: LiveFile, place: Path) -> None:
    """Write the rows of a live file with the table's columns."""
    there = list(found.schema_arrow)
    try:
        fields = [target_field(there, wanted, snapshot.keys) for wanted in snapshot.schema]
    except TypeError as error:
        raise not_plain(snapshot.name, f"{file.path.name}: {error}", _REWRITE) from error
    schema = pa.schema(fields)
    require_space(place.parent, file.path.stat().st_size)
    with destination_errors(place), pq.ParquetWriter(place, schema, **_OPTIONS) as writer:
        for batch in _batches(found):
            rows = project(batch, schema, snapshot.schema, snapshot.keys)
            writer.write_batch(rows, _ROW_GROUP_ROWS)


@contextmanager
def _opened(path: Path) -> Iterator[pq.ParquetFile]:
    """Open a live file; `_UnreadableError` unless it is Parquet."""
    with _reading():
        file = pq.ParquetFile(path, coerce_int96_timestamp_unit="us", pre_buffer=False)
    with file:
        yield file


def _batches(found: pq.ParquetFile) -> Iterator[pa.RecordBatch]:
    """Read a file few rows at a time, fewer where they are long; errors as `_opened`."""
    groups = [found.metadata.row_group(number) for number in range(found.num_row_groups)]
    n_bytes = max(1, sum(group.total_byte_size for group in groups))
    n_rows = min(_BATCH_ROWS, max(1, _BATCH_BYTES * found.metadata.num_rows // n_bytes))
    for number in range(len(groups)):
        batches = found.iter_batches(n_rows, row_groups=[number], use_threads=False)
        while True:
            beat()
            with _reading():
                batch = next(batches, None)
            if batch is None:
                break
            yield batch


@contextmanager
def _reading() -> Iterator[None]:
    try:
        yield
    except (pa.ArrowException, OSError, EOFError) as error:
        # After trouble that passes the file would be read as it is, without the table's columns.
        is_passing = isinstance(error, OSError) and error.errno not in _LASTING
        if is_passing or is_out_of_memory(error):
            raise
        raise _UnreadableError from error


def _parquet_below(table: Path) -> Iterable[str]:
    """Yield real paths of Parquet files of a table, live or not; its log has some, too."""
    for folder, folders, names in os.walk(os.path.realpath(table)):
        folders[:] = [one for one in folders if "=" in one or not one.startswith(("_", "."))]
        for name in names:
            if name.endswith(_SUFFIX) and not is_temporary(name):
                yield os.path.realpath(os.path.join(folder, name))
