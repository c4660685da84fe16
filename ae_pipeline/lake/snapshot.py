"""A table at one moment, as every kind of table gives it: its live files and its columns."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import pyarrow as pa

from ae_pipeline.locations import TableName

KeyOf: TypeAlias = Callable[[pa.Field], str]


@dataclass(frozen=True)
class Keys:
    """Tell which column of a file is which column of the table, at any depth: their keys agree.

    Args:
        of_table: key of a column of the table; empty if it has none.
        of_file: key of a column of a file.
    """

    of_table: KeyOf
    of_file: KeyOf

    def find(self, wanted: pa.Field, there: Iterable[pa.Field]) -> pa.Field | None:
        """Return the column of a file that is a column of the table; None if the file lacks it."""
        key = self.of_table(wanted)
        return next((field for field in there if key and self.of_file(field) == key), None)


@dataclass(frozen=True)
class LiveFile:
    """One file whose rows are all rows of the snapshot.

    Args:
        path: of the file, on this machine.
        partition: columns and values by which the table is cut, as text; None for null.
    """

    path: Path
    partition: tuple[tuple[str, str | None], ...]


@dataclass(frozen=True)
class Snapshot:
    """One version of a table.

    Args:
        name: of the table, with its version.
        root: its folder.
        files: all live ones.
        schema: columns that its files have or would have, in order; partition columns that files
            need not hold are left out.
        keys: of its columns and those of its files.
    """

    name: TableName
    root: Path
    files: tuple[LiveFile, ...]
    schema: pa.Schema
    keys: Keys


def by_name(field: pa.Field) -> str:
    """Return the key of columns that are told apart by their names."""
    return str(field.name)


def by_metadata(field: pa.Field, key: bytes) -> str:
    """Return the key of columns that are told apart by an entry of their metadata."""
    return str((field.metadata or {}).get(key, b"").decode())
