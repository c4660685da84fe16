"""Refuse folders whose Parquet files are not their rows: tables with a log of live files.

A job that names a table of Delta Lake or Iceberg reads it as a snapshot, and never comes here.

Files of deleted and rewritten rows stay in such folders. Archived file by file, those rows would
come back as live, and a table does not survive the deletion of files that its log names.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection
from pathlib import Path

from ae_pipeline.errors import TableFormatError
from ae_pipeline.store import is_remote

_DELTA, _ICEBERG, _HUDI, _PAIMON = "Delta Lake", "Iceberg", "Hudi", "Paimon"
_HIVE = "Hive ACID"
_DUCKDB = "with DuckDB: COPY (FROM {}('{}')) TO 'snapshot.parquet'"
_SPARK = "with Spark: spark.read.format('{}').load('{}').write.parquet('snapshot')"
_HIVEQL = (
    "with Hive: INSERT OVERWRITE {} 'snapshot' STORED AS PARQUET SELECT * FROM the table at {}"
)
_EXPORTS = {
    _DELTA: (_DUCKDB, "delta_scan"),
    _ICEBERG: (_DUCKDB, "iceberg_scan"),
    _HUDI: (_SPARK, "hudi"),
    _PAIMON: (_SPARK, "paimon"),
    _HIVE: (_HIVEQL, "DIRECTORY"),
}
_SCHEMES = {_DELTA: "delta", _ICEBERG: "iceberg"}
#: `base_0000003`, `delta_0000004_0000004_0000`: a base supersedes what is older and still there.
_WRITES = re.compile(r"(base_\d{7,}|(delete_)?delta_\d{7,}_\d{7,}(_\d{4,})?)(_v\d+)?")
_METADATA = "metadata"
_METADATA_FILES = (".metadata.json", ".metadata.json.gz")


def refuse_table(folder: Path, folders: Collection[str], names: Collection[str]) -> None:
    """Raise `TableFormatError` if a folder is a table, or the metadata or a partition of one.

    Args:
        folder: that was listed.
        folders: names of the folders in it.
        names: all other names in it.
    """
    if "_delta_log" in folders:
        _refuse(folder, _DELTA, "_delta_log")
    if ".hoodie" in folders:
        _refuse(folder, _HUDI, ".hoodie")
    if ".hoodie_partition_metadata" in names:
        _refuse(folder, _HUDI, ".hoodie_partition_metadata")
    for name in folders:
        if _WRITES.fullmatch(name):
            _refuse(folder, _HIVE, name)
    if folder.name == _METADATA:
        for name in names:
            if name.endswith(_METADATA_FILES):
                _refuse(folder.parent, _ICEBERG, f"{_METADATA}/{name}")
    if "manifest" in folders and "snapshot" in folders and _is_paimon(folder):
        _refuse(folder, _PAIMON, "manifest, snapshot and schema")


def refuse_inside_table(path: Path) -> None:
    """Raise `TableFormatError` if a file or folder lies in a table, or is one.

    Checks the folders above it both by name and where links lead to.
    """
    named, real = Path(os.path.abspath(path)), Path(os.path.realpath(path))
    for folder in dict.fromkeys((named, *named.parents, real, *real.parents)):
        refuse_table(folder.parent, [folder.name], ())  # Hive marks a folder by its name
        refuse_table(folder, _tell_tale(folder), _partition_mark(folder))
        refuse_table(folder / _METADATA, (), _names(folder / _METADATA))


def _tell_tale(folder: Path) -> list[str]:
    """Return the folders in it that mark a table, without listing it."""
    names = ("_delta_log", ".hoodie", "manifest", "snapshot")
    return [name for name in names if os.path.isdir(folder / name)]


def _partition_mark(folder: Path) -> list[str]:
    mark = ".hoodie_partition_metadata"
    return [mark] if os.path.lexists(folder / mark) else []


def _is_paimon(folder: Path) -> bool:
    return any(name.startswith("schema-") for name in _names(folder / "schema"))


def _names(folder: Path) -> list[str]:
    """List a folder; nothing if it is missing or may not be read."""
    try:
        return sorted(os.listdir(folder))
    except OSError:
        return []


def _refuse(table: Path, name: str, mark: str) -> None:
    export, reader = _EXPORTS[name]
    exported = f"export a snapshot, e.g. {export.format(reader, table)}, and name that instead"
    raise TableFormatError(
        f"{name} table, whose files are not its rows",
        where=str(table),
        expected="a folder of plain Parquet files, all of whose rows are live",
        got=mark,
        remedy=_snapshot_of(table, name) + exported,
    )


def _snapshot_of(table: Path, name: str) -> str:
    """Return how to name the table itself, if its log can be read from here."""
    scheme = _SCHEMES.get(name)
    if scheme is None:
        return ""
    if is_remote(table):
        return "its log can only be read on a local disk: "
    return f"name the table itself, {scheme}://{table}, or "
