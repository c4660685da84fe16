"""Refusals of tables and snapshots whose rows cannot be told from their files alone."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ae_pipeline.errors import SourceNotFoundError, TableFormatError, listing
from ae_pipeline.lake.snapshot import LiveFile
from ae_pipeline.locations import TableName

_NAMED = 3
#: What makes plain files of a snapshot, by the kind of table.
REWRITE = {
    "delta": "REORG TABLE ... APPLY (PURGE) rewrites such files; then name the new version",
    "iceberg": "CALL system.rewrite_data_files and rewrite_position_delete_files rewrite such "
    "files; then name the new snapshot",
}


def unreadable(name: TableName, fault: object) -> TableFormatError:
    """Return the error for a table whose log cannot be read."""
    said = str(fault).strip().splitlines() or [type(fault).__name__]
    return TableFormatError(
        f"{name.kind} table whose log cannot be read",
        where=str(name),
        got=said[0],
        remedy="check it with what wrote it, or export a snapshot as Parquet files and name these",
    )


def no_version(name: TableName, known: Sequence[object]) -> SourceNotFoundError:
    """Return the error for a version that the log does not have any more, or not yet."""
    what = "version" if name.scheme == "delta" else "snapshot"
    return SourceNotFoundError(
        f"{name.kind} table has no such {what}",
        where=str(name),
        expected=f"one of {listing(known)}" if known else f"a {what} that its log still has",
        remedy=f"name another {what}, or none for the newest",
    )


def not_plain(name: TableName, why: str, remedy: str = "") -> TableFormatError:
    """Return the error for a snapshot whose rows are not simply those of its files."""
    return TableFormatError(
        f"{name.kind} table whose live files are not its rows",
        where=str(name),
        got=why,
        remedy=remedy or REWRITE[name.scheme],
    )


def require_local(name: TableName, uri: str) -> Path:
    """Return the local path of a URI in a log; `TableFormatError` if it lies elsewhere."""
    for start in ("file://localhost/", "file:///", "file:/"):
        if uri.lower().startswith(start):
            return Path(f"/{uri[len(start) :]}")
    if uri.startswith("/"):
        return Path(uri)
    raise TableFormatError(
        f"{name.kind} table whose log names files of another machine or store",
        where=str(name),
        expected="local paths",
        got=uri,
        remedy="export the snapshot as Parquet files here, and name their folder",
    )


def require_all(name: TableName, files: Sequence[LiveFile]) -> None:
    """Raise `SourceNotFoundError` if live files are gone, as they are after a vacuum."""
    gone = [str(file.path) for file in files if not file.path.is_file()]
    if gone:
        raise SourceNotFoundError(
            f"{len(gone):,} of {len(files):,} live files of this snapshot are gone",
            where=str(name),
            got=listing(gone, _NAMED),
            remedy="they were vacuumed, or expired, or the table was moved: name a newer version, "
            "or none for the newest",
        )
