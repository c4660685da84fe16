"""Iceberg: the live files of a snapshot and its columns, from the newest metadata in the folder."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Any  # what pyiceberg gives

import pyarrow as pa

from ae_pipeline.errors import AePipelineError, EmptySourceError
from ae_pipeline.extras import require
from ae_pipeline.lake.refuse import no_version, not_plain, require_all, require_local, unreadable
from ae_pipeline.lake.snapshot import Keys, LiveFile, Snapshot, by_metadata
from ae_pipeline.locations import TableName

_METADATA = "metadata"
_HINT = "version-hint.text"
#: `v3.metadata.json` and `00003-UUID.metadata.json`, perhaps compressed in one of two spellings.
_FILE = re.compile(r"v?(?P<number>\d+)(-.*)?(\.gz)?\.metadata\.json(\.gz)?")
_FIELD_ID = b"PARQUET:field_id"
_NEWEST_FORMAT = 2


def is_iceberg(folder: Path) -> bool:
    """Whether a folder is a table of Iceberg."""
    return bool(_metadata_files(folder))


def read_iceberg(name: TableName) -> Snapshot:
    """Read the metadata of a table.

    Raises:
        MissingExtraError: pyiceberg is not installed.
        EmptySourceError: nothing was ever written to it.
        SourceNotFoundError: the snapshot does not exist, or files of it are gone.
        TableFormatError: its metadata cannot be read, or live files hold deleted rows.
    """
    require("an Iceberg table", "pyiceberg", or_else="export a snapshot as Parquet files")
    root = Path(os.path.abspath(name.path))
    table = _open(name, root)
    if table.metadata.format_version > _NEWEST_FORMAT:
        raise not_plain(
            name,
            f"format version {table.metadata.format_version}, whose rows may have deletion vectors "
            "and default values",
            "export a snapshot as Parquet files, and name these",
        )
    snapshot = _snapshot(name, table)
    name = TableName(name.scheme, name.path, snapshot.snapshot_id)
    schema = table.schemas().get(snapshot.schema_id, table.schema())
    files = tuple(_live_file(name, table, schema, task) for task in _tasks(name, table, snapshot))
    require_all(name, files)
    key = partial(by_metadata, key=_FIELD_ID)
    return Snapshot(name, root, files, _arrow(name, schema), Keys(key, key))


def _open(name: TableName, root: Path) -> Any:
    from pyiceberg.table import StaticTable  # noqa: PLC0415, of an extra

    newest = _newest(root)
    if newest is None:
        raise unreadable(name, f"no metadata in {root / _METADATA}")
    try:
        return StaticTable.from_metadata(str(newest))
    except Exception as error:  # it documents none
        raise unreadable(name, error) from error


def _newest(root: Path) -> Path | None:
    """Return the newest metadata: that which the hint names, or that of the highest number."""
    numbered = _metadata_files(root)
    try:
        hinted = int((root / _METADATA / _HINT).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        hinted = max(numbered.values(), default=0)
    candidates = [root / _METADATA / name for name, number in numbered.items() if number == hinted]
    # Of two writers that both took a number, the later one won.
    return max(candidates, key=lambda path: (path.stat().st_mtime_ns, path.name), default=None)


def _metadata_files(root: Path) -> dict[str, int]:
    try:
        names = sorted(os.listdir(root / _METADATA))
    except (OSError, ValueError):  # also a name that cannot be
        return {}
    found = ((name, _FILE.fullmatch(name)) for name in names)
    return {name: int(match["number"]) for name, match in found if match is not None}


def _snapshot(name: TableName, table: Any) -> Any:
    found = table.current_snapshot() if name.version is None else table.snapshot_by_id(name.version)
    if found is not None:
        return found
    known = [one.snapshot_id for one in table.snapshots()]
    if known or name.version is not None:
        raise no_version(name, known[::-1])
    raise EmptySourceError("Iceberg table without a snapshot", where=str(name))


def _tasks(name: TableName, table: Any, snapshot: Any) -> list[Any]:
    """Return what a scan of the snapshot would read, once nothing in it needs more than reading."""
    require_local(name, snapshot.manifest_list)
    try:
        manifests = snapshot.manifests(table.io)
        for manifest in manifests:
            require_local(name, manifest.manifest_path)
        _check_deletes(name, table, manifests)
        tasks = list(table.scan(snapshot_id=snapshot.snapshot_id).plan_files())
    except AePipelineError:
        raise
    except Exception as error:  # it documents none
        raise unreadable(name, error) from error
    for task in tasks:
        if task.delete_files:
            raise not_plain(name, f"delete files, {len(tasks)} data files")
    return sorted(tasks, key=lambda task: str(task.file.file_path))


def _check_deletes(name: TableName, table: Any, manifests: Iterable[Any]) -> None:
    """Raise `TableFormatError` for equality deletes, which a scan does not plan."""
    from pyiceberg.manifest import DataFileContent, ManifestContent  # noqa: PLC0415, of an extra

    for manifest in manifests:
        if manifest.content != ManifestContent.DELETES:
            continue
        for entry in manifest.fetch_manifest_entry(table.io, discard_deleted=True):
            if entry.data_file.content == DataFileContent.EQUALITY_DELETES:
                raise not_plain(name, "equality deletes, which remove rows of live files")


def _live_file(name: TableName, table: Any, schema: Any, task: Any) -> LiveFile:
    file = task.file
    if str(file.file_format.value).lower() != "parquet":
        raise not_plain(
            name,
            f"data files in {file.file_format.value}",
            "set write.format.default to parquet, and rewrite its data files",
        )
    spec = table.specs()[file.spec_id]
    return LiveFile(require_local(name, file.file_path), _partition(spec, schema, file.partition))


def _partition(spec: Any, schema: Any, record: Any) -> tuple[tuple[str, str | None], ...]:
    """Return the names and values that Iceberg itself gives to folders."""
    found = []
    for position, field in enumerate(spec.fields):
        value = record[position]
        kind = schema.find_type(field.source_id) if _has(schema, field.source_id) else None
        if value is None:
            text = None
        elif kind is None:
            text = str(value)
        else:
            text = field.transform.to_human_string(kind, value)
        found.append((field.name, text))
    return tuple(found)


def _has(schema: Any, field_id: int) -> bool:
    return schema.find_column_name(field_id) is not None


def _arrow(name: TableName, schema: Any) -> pa.Schema:
    from pyiceberg.io.pyarrow import schema_to_pyarrow  # noqa: PLC0415, of an extra

    try:
        return schema_to_pyarrow(schema)
    except Exception as error:  # a type that Arrow lacks
        raise unreadable(name, error) from error
