"""Give DuckDB and Arrow's own functions what they ask of a dataset: one pass, exactly filtered."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds


@dataclass(frozen=True)
class RowScanner:
    """Matching rows of a stream of batches, with the wanted columns.

    It does as `pyarrow.dataset.Scanner`, in the thread that reads: Arrow's own reads ahead in
    threads that outlive the interpreter if nobody reads to the end.

    Args:
        schema: of the batches.
        batches: begins the stream.
        columns: names, or names and the expressions that make them.
        condition: that rows must match; None for any row.
        batch_rows: the most rows of a batch.
    """

    schema: pa.Schema
    batches: Callable[[], Iterator[pa.RecordBatch]]
    columns: Sequence[str] | Mapping[str, pc.Expression]
    condition: pc.Expression | None
    batch_rows: int

    @property
    def dataset_schema(self) -> pa.Schema:
        """Schema of what is read."""
        return self.schema

    @property
    def projected_schema(self) -> pa.Schema:
        """Schema of what is yielded."""
        if isinstance(self.columns, Mapping):
            return self._matching(self.schema.empty_table()).schema
        fields = [self.schema.field(name) for name in self.columns]
        return pa.schema(fields, self.schema.metadata)

    def to_batches(self) -> Iterator[pa.RecordBatch]:
        """Yield the rows, in order."""
        schema = self.projected_schema
        for batch in self.batches():
            table = self._matching(pa.Table.from_batches([batch]))
            for found in table.to_batches(max_chunksize=self.batch_rows):
                if len(found):
                    yield pa.RecordBatch.from_arrays(found.columns, schema=schema)

    def to_reader(self) -> pa.RecordBatchReader:
        """Return the rows as a stream."""
        return pa.RecordBatchReader.from_batches(self.projected_schema, self.to_batches())

    def to_table(self) -> pa.Table:
        """Return all rows."""
        return pa.Table.from_batches(self.to_batches(), self.projected_schema)

    def head(self, num_rows: int) -> pa.Table:
        """Return the first rows."""
        found, n_left = [], num_rows
        for batch in self.to_batches():
            found.append(batch.slice(0, n_left))
            n_left -= len(found[-1])
            if not n_left:
                break
        return pa.Table.from_batches(found, self.projected_schema)

    def count_rows(self) -> int:
        """Count the rows."""
        n_rows = 0
        for batch in self.batches():
            table = pa.Table.from_batches([batch])
            n_rows += (
                table.num_rows if self.condition is None else len(table.filter(self.condition))
            )
        return n_rows

    def _matching(self, table: pa.Table) -> pa.Table:
        if not isinstance(self.columns, Mapping):
            table = table if self.condition is None else table.filter(self.condition)
            return table.select(list(self.columns))
        scanner = ds.InMemoryDataset(table).scanner(
            columns=dict(self.columns), filter=self.condition, use_threads=False
        )
        return scanner.to_table()
