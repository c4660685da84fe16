"""Delta Lake: the live files of a version, and its columns, from the log."""

from __future__ import annotations

import os
import re
from datetime import UTC, date, datetime
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any  # what deltalake and Arrow give
from urllib.parse import quote, unquote

import pyarrow as pa

from ae_pipeline.extras import require
from ae_pipeline.lake.refuse import no_version, not_plain, require_all, require_local, unreadable
from ae_pipeline.lake.snapshot import Keys, LiveFile, Snapshot, by_metadata, by_name
from ae_pipeline.locations import TableName

_LOG = "_delta_log"
_MAPPING = "delta.columnMapping.mode"
_PHYSICAL_NAME, _COLUMN_ID = b"delta.columnMapping.physicalName", b"delta.columnMapping.id"
_FIELD_ID = b"PARQUET:field_id"
_ABSOLUTE = re.compile(r"/|[A-Za-z][A-Za-z0-9+.-]*:/")
#: What a reader must know of a table, and this one does: the first is looked for in the snapshot.
_KNOWN = {
    "deletionVectors",
    "columnMapping",
    "timestampNtz",
    "typeWidening",
    "typeWidening-preview",
    "v2Checkpoint",
    "vacuumProtocolCheck",
}


def is_delta(folder: Path) -> bool:
    """Whether a folder is a table of Delta Lake."""
    return os.path.isdir(folder / _LOG)


def read_delta(name: TableName) -> Snapshot:
    """Read the log of a table.

    Raises:
        MissingExtraError: deltalake is not installed.
        SourceNotFoundError: the version does not exist, or files of it are gone.
        TableFormatError: the log cannot be read, or live files hold deleted rows.
    """
    require("a Delta table", "deltalake", or_else="export a snapshot as Parquet files")
    table = _open(name)
    name = TableName(name.scheme, name.path, table.version())
    _check_known(name, table)
    root = Path(os.path.abspath(name.path))
    files = tuple(_live_file(name, root, action) for action in _actions(name, table))
    require_all(name, files)
    metadata = table.metadata()
    schema = pa.schema(table.schema().to_arrow())
    wanted = [field for field in schema if field.name not in metadata.partition_columns]
    keys = _keys(metadata.configuration.get(_MAPPING, "none"))
    return Snapshot(name, root, files, pa.schema(wanted), keys)


def _open(name: TableName) -> Any:
    from deltalake import DeltaTable  # noqa: PLC0415, of an extra
    from deltalake.exceptions import DeltaError  # noqa: PLC0415, of an extra

    try:
        table = DeltaTable(_uri(name.path))
    except (DeltaError, OSError, ValueError) as error:
        raise unreadable(name, error) from error
    if name.version is None or name.version == table.version():
        return table
    if name.version > table.version():
        raise no_version(name, [f"0 to {table.version()}"])
    try:
        return DeltaTable(_uri(name.path), version=name.version)
    except (DeltaError, OSError, ValueError) as error:
        raise no_version(name, []) from error


def _uri(path: str) -> str:
    """Return the URI of a folder: deltalake decodes paths, and takes `a:b` for a scheme."""
    return f"file://{quote(os.path.abspath(path))}"


def _check_known(name: TableName, table: Any) -> None:
    """Raise `TableFormatError` if files alone do not tell the rows, or tell others."""
    from deltalake.exceptions import DeltaError  # noqa: PLC0415, of an extra

    unknown = sorted(set(table.protocol().reader_features or ()) - _KNOWN)
    if unknown:
        raise not_plain(
            name,
            f"reader features {', '.join(unknown)}",
            "export a snapshot as Parquet files, and name these",
        )
    try:
        # Those whose vectors cannot be read have some, too.
        has_vectors = any(True for _ in islice(_vectors(table), 1))
    except DeltaError:
        has_vectors = True
    if has_vectors:
        raise not_plain(name, "deletion vectors, which mark rows of live files as deleted")


def _vectors(table: Any) -> Any:
    return (batch for batch in table.deletion_vectors() if len(pa.record_batch(batch)))


def _actions(name: TableName, table: Any) -> list[dict[str, Any]]:
    from deltalake.exceptions import DeltaError  # noqa: PLC0415, of an extra

    try:
        actions = pa.table(table.get_add_actions())
    except (DeltaError, OSError) as error:
        raise unreadable(name, error) from error
    known = [column for column in ("path", "partition") if column in actions.column_names]
    rows: list[dict[str, Any]] = actions.select(known).to_pylist()
    return rows


def _live_file(name: TableName, root: Path, action: dict[str, Any]) -> LiveFile:
    path = unquote(action["path"])
    is_relative = _ABSOLUTE.match(path) is None
    values = action.get("partition") or {}
    return LiveFile(
        root / path if is_relative else require_local(name, path),
        tuple((column, _text(name, column, value)) for column, value in values.items()),
    )


def _text(name: TableName, column: str, value: Any) -> str | None:
    """Write a value of a partition as Spark names its folder; None for null."""
    if value is None:
        return None
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime):
        moment = value if value.tzinfo is None else value.astimezone(UTC)
        return moment.replace(tzinfo=None).isoformat(" ")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bytes):
        raise not_plain(
            name, f"partitions by {column}, whose values are bytes", "export a snapshot"
        )
    return str(value)


def _keys(mode: str) -> Keys:
    """Return how columns of the table and of its files are matched in a mode of column mapping."""
    if mode == "id":
        return Keys(partial(by_metadata, key=_COLUMN_ID), partial(by_metadata, key=_FIELD_ID))
    if mode == "name":
        return Keys(partial(by_metadata, key=_PHYSICAL_NAME), by_name)
    return Keys(by_name, by_name)
