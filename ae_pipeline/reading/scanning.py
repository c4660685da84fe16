"""Read what a condition may match: whole partitions and row groups are left out unread."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import pyarrow as pa
import pyarrow.compute as pc

from ae_pipeline.coding import pin_blas_threads
from ae_pipeline.reading.ahead import made_ahead
from ae_pipeline.reading.contents import Contents
from ae_pipeline.reading.guarantees import Floats, all_of
from ae_pipeline.reading.parts import Opened
from ae_pipeline.reading.pruning import matching, negates
from ae_pipeline.work import sharing


@dataclass(frozen=True)
class Scan:
    """A pass through a dataset.

    Args:
        contents: of the dataset.
        columns: to read, in the order of its schema.
        condition: that rows must match; those that do not may be read, too. None for any row.
        most_rows: that are wanted; None for all. A few more may be read.
        has_largest_nan: whether the condition takes NaN as larger than all numbers, as Polars and
            DuckDB do; Arrow compares NaN with nothing.
    """

    contents: Contents
    columns: tuple[str, ...]
    condition: pc.Expression | None = None
    most_rows: int | None = None
    has_largest_nan: bool = False

    @property
    def schema(self) -> pa.Schema:
        """Schema of the batches."""
        whole = self.contents.schema
        return pa.schema([whole.field(name) for name in self.columns], whole.metadata)

    def batches(self) -> Generator[pa.RecordBatch, None, None]:
        """Yield the rows of all row groups that may match, in order; errors as `Contents.open`."""
        self.contents.schema  # noqa: B018, an error is raised here and not in another thread
        return made_ahead(self._batches)

    def parts(self) -> Iterator[tuple[int, Opened, list[int]]]:
        """Yield the number of each file that may match, the file, and such row groups of it."""
        for number in self._files():
            part = self.contents.open(self.contents.fragments[number])
            groups = self._groups(part)
            if groups:
                yield number, part, groups

    def _batches(self) -> Iterator[pa.RecordBatch]:
        pin_blas_threads()
        n_left = self.most_rows
        with self.contents.visiting(), sharing(partial(_n_threads, self.most_rows)):
            for number, part, groups in self.parts():
                for batch in self._rows(number, part, groups):
                    yield batch
                    n_left = None if n_left is None else n_left - len(batch)
                    if n_left is not None and n_left <= 0:
                        return

    @property
    def _floats(self) -> Floats:
        """The bounds of floats that hold where there may be NaN, of which they say nothing."""
        if self.has_largest_nan:
            return "low"
        return "none" if self.condition is None or negates(self.condition) else "both"

    def _files(self) -> list[int]:
        every = range(len(self.contents.fragments))
        if self.condition is None or not self.contents.keys:
            return list(every)
        guarantees = [
            all_of(key.guarantee(number) for key in self.contents.keys) for number in every
        ]
        return matching(guarantees, self.condition, self.contents.schema)

    def _groups(self, part: Opened) -> list[int]:
        filled = [number for number, size in enumerate(part.sizes) if size]
        if self.condition is None:
            return filled
        schema = self.contents.schema
        guarantees = part.guarantees(schema, self._floats)
        found = matching(guarantees, self.condition, schema)
        return [number for number in filled if number in set(found)]

    def _rows(self, number: int, part: Opened, groups: Sequence[int]) -> Iterator[pa.RecordBatch]:
        """Yield rows of a file with the columns of the dataset."""
        own = [name for name in self.columns if name in part.schema.names]
        if own:
            for records in part.read(own, groups):
                found = dict(zip(records.schema.names, records.columns, strict=True))
                yield self._completed(number, found, len(records))
            return
        for group in groups:
            yield self._completed(number, {}, part.sizes[group])

    def _completed(self, number: int, found: dict[str, pa.Array], n_rows: int) -> pa.RecordBatch:
        """Add partition keys, and nulls for columns that a file lacks; cast those that differ."""
        keys = {key.field.name: key for key in self.contents.keys}
        arrays = []
        for field in self.schema:
            if field.name in found:
                array = found[field.name]
                arrays.append(array if array.type == field.type else array.cast(field.type))
            elif field.name in keys:
                arrays.append(keys[field.name].repeated(number, n_rows))
            else:
                arrays.append(pa.nulls(n_rows, field.type))
        return pa.RecordBatch.from_arrays(arrays, schema=self.schema)


def _n_threads(most_rows: int | None) -> int:
    """Return the threads of a scan: one where a few rows are wanted, which are in one block."""
    return 1 if most_rows is not None else len(os.sched_getaffinity(0)) or 1
