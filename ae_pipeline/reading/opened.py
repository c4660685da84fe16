"""An opened dataset: schema, rows by columns and conditions, and what queries it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NoReturn  # Any: options of Arrow, and types of extras

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from ae_pipeline.codec import Provenance
from ae_pipeline.reading.conditions import Condition, condition_of, unknown_columns
from ae_pipeline.reading.contents import Contents
from ae_pipeline.reading.pruning import columns_of
from ae_pipeline.reading.scanner import RowScanner
from ae_pipeline.reading.scanning import Scan

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl

#: Columns to read: names, or names and the expressions that make them; None for all.
Columns = Sequence[str] | Mapping[str, pc.Expression] | None


class OpenDataset(ds.Dataset):  # type: ignore[misc]  # Arrow has no types
    """An archive, features, decoded tables or a source, read in place.

    Rows come in the order of the source. Partition keys are columns. Only row groups that may
    match are read, and of an archive's blocks only what the wanted columns need is decoded.

    Args:
        contents: of the dataset.
    """

    def __init__(self, contents: Contents) -> None:  # Arrow's own is for datasets of its files
        self._contents = contents

    def __reduce__(self) -> tuple[object, ...]:
        from ae_pipeline.reading.opening import open_dataset  # noqa: PLC0415, it imports this

        return open_dataset, (self.path,)

    @property
    def path(self) -> str:
        """Path or URI of the dataset."""
        return self._contents.path

    @property
    def kind(self) -> str:
        """One of `archive`, `features`, `decoded` and `source`."""
        return self._contents.kind

    @property
    def schema(self) -> pa.Schema:
        """Columns of all files, then the partition keys."""
        return self._contents.schema

    @property
    def partitions(self) -> list[str]:
        """Folders of partitions, such as `year=2013/month=05`."""
        return list(dict.fromkeys(one.partition for one in self._contents.fragments))

    @property
    def files(self) -> list[str]:
        """Paths of the files, below the dataset."""
        return [fragment.relative for fragment in self._contents.fragments]

    @property
    def codecs(self) -> dict[str, Provenance]:
        """Provenance of each codec that decodes an archive, by its id; empty for others."""
        return {name: one.provenance for name, one in self._contents.formats.items()}

    @property
    def partition_expression(self) -> pc.Expression:
        """An expression that holds for all rows: nothing is known of them."""
        return pc.scalar(True)

    def scanner(
        self,
        columns: Columns = None,
        filter: Condition = None,
        batch_size: int = 131_072,
        **_: Any,
    ) -> RowScanner:
        """Return a scanner of matching rows, for one pass.

        Args:
            columns: to read.
            filter: an expression of Arrow, or the text of a condition in SQL.
            batch_size: the most rows of a batch.

        Raises:
            ConfigError: a column is unknown, or the condition is not understood.
        """
        return self._scanner(columns, filter, batch_size)

    def to_batches(
        self, columns: Columns = None, filter: Condition = None, **options: Any
    ) -> Iterator[pa.RecordBatch]:
        """Yield matching rows in order; arguments as `scanner`."""
        return self.scanner(columns, filter, **options).to_batches()

    def to_table(
        self, columns: Columns = None, filter: Condition = None, **options: Any
    ) -> pa.Table:
        """Return all matching rows; arguments as `scanner`."""
        return self.scanner(columns, filter, **options).to_table()

    def scan(self, columns: Columns = None, filter: Condition = None) -> pa.RecordBatchReader:
        """Return matching rows as a stream; arguments as `scanner`."""
        return self.scanner(columns, filter).to_reader()

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """Export all rows as a stream (the Arrow PyCapsule interface)."""
        return self.scan().__arrow_c_stream__(requested_schema)

    def head(
        self, num_rows: int = 10, columns: Columns = None, filter: Condition = None, **_: Any
    ) -> pa.Table:
        """Return the first matching rows; arguments as `scanner`."""
        return self._scanner(columns, filter, max(num_rows, 1), num_rows).head(num_rows)

    def count_rows(self, filter: Condition = None, **_: Any) -> int:
        """Count matching rows; without a condition by footers alone."""
        if filter is None:
            return sum(one.metadata.num_rows for one in self._contents.open_all())
        return self.scanner([], filter).count_rows()

    def to_pandas(self, columns: Columns = None, filter: Condition = None) -> pd.DataFrame:
        """Return matching rows as a pandas frame; arguments as `scanner`."""
        return self.to_table(columns, filter).to_pandas()

    def to_polars(self) -> pl.LazyFrame:
        """Return a lazy frame of Polars, which reads what a query needs.

        Raises:
            MissingExtraError: Polars is not installed.
        """
        from ae_pipeline.reading.polars_frame import lazy_frame  # noqa: PLC0415, of an extra

        return lazy_frame(self._contents)

    def sql(self, query: str, name: str = "t") -> pa.Table:
        """Query by DuckDB, which reads the columns and row groups that a query needs.

        Args:
            query: in DuckDB's SQL.
            name: of the dataset in the query.

        Raises:
            MissingExtraError: DuckDB is not installed.
            ConfigError: DuckDB does not accept the query.
        """
        from ae_pipeline.reading.duckdb_query import run  # noqa: PLC0415, of an extra

        return run(query, {name: self})

    def get_fragments(self, filter: Condition = None) -> Iterator[ds.Fragment]:
        """Yield files that may match as fragments in memory; arguments as `scanner`."""
        scan = Scan(self._contents, tuple(self.schema.names), condition_of(filter, self.schema))
        for batch in scan.batches():
            yield from ds.InMemoryDataset(batch).get_fragments()

    def filter(self, expression: pc.Expression) -> NoReturn:
        """Refuse: every method that reads takes a condition."""
        raise _unsupported("filter", "give `filter=` to what reads")

    def replace_schema(self, schema: pa.Schema) -> NoReturn:
        """Refuse: the schema is that of the files."""
        raise _unsupported("replace_schema", "cast what is read")

    def sort_by(self, sorting: object, **_: object) -> NoReturn:
        """Refuse: rows come in the order of the source."""
        raise _unsupported("sort_by", "use sql(), or to_table().sort_by()")

    def join(self, *_: object, **__: object) -> NoReturn:
        """Refuse: a query joins."""
        raise _unsupported("join", "use sql(), or to_table().join()")

    def join_asof(self, *_: object, **__: object) -> NoReturn:
        """Refuse: a query joins."""
        raise _unsupported("join_asof", "use sql(), or to_table().join_asof()")

    def __repr__(self) -> str:
        n_files = len(self._contents.fragments)
        files = "1 file" if n_files == 1 else f"{n_files:,} files"
        return f"<{self.kind} {self.path}: {files}, {len(self.schema)} columns>"

    def _scanner(
        self, columns: Columns, filter: Condition, batch_size: int, most_rows: int | None = None
    ) -> RowScanner:
        condition = condition_of(filter, self.schema)
        wanted = _checked_columns(columns, self.schema)
        scan = Scan(
            self._contents,
            self._read_columns(wanted, condition),
            condition,
            most_rows if condition is None else None,
        )
        return RowScanner(scan.schema, scan.batches, wanted, condition, batch_size)

    def _read_columns(
        self,
        wanted: list[str] | dict[str, pc.Expression],
        condition: pc.Expression | None,
    ) -> tuple[str, ...]:
        """Return the columns that must be read: one at least, which counts rows."""
        conditions = [] if condition is None else [condition]
        made = list(wanted.values()) if isinstance(wanted, dict) else []
        named = set() if isinstance(wanted, dict) else set(wanted)
        named |= set(columns_of([*made, *conditions], self.schema))
        found = tuple(name for name in self.schema.names if name in named)
        return found or (self._contents.cheapest_column,)


def _checked_columns(columns: Columns, schema: pa.Schema) -> list[str] | dict[str, pc.Expression]:
    """Return the columns to read; errors as `scanner`."""
    if columns is None:
        return list(schema.names)
    if isinstance(columns, Mapping):
        return dict(columns)
    names = [columns] if isinstance(columns, str) else list(columns)
    missing = [name for name in names if name not in schema.names]
    if missing:
        raise unknown_columns(missing, schema)
    return names


def _unsupported(method: str, instead: str) -> NotImplementedError:
    return NotImplementedError(f"OpenDataset.{method} is not supported: {instead}")
