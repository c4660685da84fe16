"""The table under test: the files of a dataset as Arrow tables, without their partition keys."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq


@dataclass(frozen=True)
class TableSource:
    """A dataset in memory.

    Args:
        root: the file or the folder that was read.
        paths: its files below the root.
        parts: the rows of each file.
    """

    root: Path
    paths: tuple[Path, ...]
    parts: tuple[pa.Table, ...]

    @property
    def name(self) -> str:
        """Name of the file or the folder."""
        return self.root.name

    @property
    def n_rows(self) -> int:
        """Rows of all files."""
        return sum(part.num_rows for part in self.parts)

    @property
    def file_bytes(self) -> int:
        """Size of the files as they are."""
        base = self.root.parent if self.root.is_file() else self.root
        return sum((base / path).stat().st_size for path in self.paths)

    @property
    def arrow_bytes(self) -> int:
        """Size of the rows in memory."""
        return sum(part.nbytes for part in self.parts)

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns of all files, in order."""
        return tuple(dict.fromkeys(name for part in self.parts for name in part.column_names))

    @cached_property
    def layouts(self) -> dict[str, tuple[pa.Table, ...]]:
        """The files one by one and, if their columns are the same, all rows as one table."""
        layouts = {"by file": self.parts}
        schemas = [part.schema.remove_metadata() for part in self.parts]
        if len(schemas) > 1 and all(schema.equals(schemas[0]) for schema in schemas):
            whole = pa.concat_tables([part.replace_schema_metadata() for part in self.parts])
            layouts["as one"] = (whole.combine_chunks(),)
        return layouts


def read_source(root: Path) -> TableSource:
    """Read a Parquet file, or every Parquet file below a folder.

    Raises:
        FileNotFoundError: there is none.
    """
    paths = [root] if root.is_file() else sorted(root.rglob("*.parquet"))
    if not paths:
        raise FileNotFoundError(f"no Parquet file in {root}")
    parts = tuple(_read(path) for path in paths)
    base = root.parent if root.is_file() else root
    return TableSource(root, tuple(path.relative_to(base) for path in paths), parts)


def _read(path: Path) -> pa.Table:
    with pq.ParquetFile(path) as file:
        return file.read(use_threads=False).combine_chunks()
