"""Runs of rows of a source as sub-columns: what a table model is fitted to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa
from jaxtyping import Bool, Int64

from ae_pipeline.codec.archive import (
    ArchiveCodec,
    ColumnCodec,
    TableCodec,
    cell_subcolumns,
    count_items,
    dead,
)
from ae_pipeline.codec.archive import spread as spread_cells
from ae_pipeline.columns import TableSchema
from ae_pipeline.dataset import RowGroup, Source, weight_of
from ae_pipeline.mapping import Mapping as ColumnMapping
from ae_pipeline.mapping import Sequence as Integers
from ae_pipeline.mapping import Split, SubColumn, fit_mapping
from ae_pipeline.planner.sample import read_runs
from ae_pipeline.table_fit import TableSample

#: Values of a sample, over all columns; and the bytes that its rows take at most.
MOST_VALUES, _MOST_BYTES = 6 << 20, 1 << 27

Starts = Int64[np.ndarray, "runs"]
Cells = Int64[np.ndarray, "_"]
IsValid = Bool[np.ndarray, "_"]


@dataclass(frozen=True)
class SampledTable:
    """Runs of rows with all columns that may be coded.

    Args:
        codec: codec of the feature columns.
        names: columns to map.
        runs: the rows.
        share: rows of the source per row of the runs.
        growth: rows of the archive per row of the source.
    """

    codec: ArchiveCodec
    names: tuple[str, ...]
    runs: tuple[pa.RecordBatch, ...]
    share: float
    growth: float

    @cached_property
    def mappings(self) -> tuple[ColumnMapping, ...]:
        """Mappings of the columns; one whose sub-columns are named like others' has none."""
        taken = {one.name for one in self.cells}
        found = []
        for name in self.names:
            column = pa.chunked_array([run.column(name) for run in self.runs])
            mapping = fit_mapping(name, column, self.share * self.growth)
            own = {one.name for one in mapping.subcolumns}
            if not taken & own:
                taken |= own
                found.append(mapping)
        return tuple(found)

    @cached_property
    def cells(self) -> tuple[SubColumn, ...]:
        """Sub-columns of the feature columns with a grid."""
        schema = self.codec.schema
        nullable = [
            name
            for name, column in zip(schema.features, self.codec.columns, strict=True)
            if column.has_cells and any(run.column(name).null_count for run in self.runs)
        ]
        return cell_subcolumns(schema, self.codec.quantizers, nullable, self.lows)

    @cached_property
    def lows(self) -> dict[str, int]:
        """Smallest cell of each feature column with a grid, by its name."""
        return {
            name: min((int(cells.min()) for cells, _ in runs if len(cells)), default=0)
            for name, runs in self._cells.items()
        }

    @cached_property
    def _cells(self) -> dict[str, list[tuple[Cells, IsValid]]]:
        """Cells and validity of each feature column with a grid, run by run."""
        pairs = zip(self.codec.schema.features, self.codec.columns, strict=True)
        return {
            name: [_quantized(column, run.column(name)) for run in self.runs]
            for name, column in pairs
            if column.has_cells
        }

    @cached_property
    def splits(self) -> list[dict[str, Split]]:
        """The mapped columns of each run as integers."""
        table = TableCodec(self.mappings, self.cells, b"", self.lows)
        return [table.split(run) for run in self.runs]

    def side_bytes(self, column: str) -> int:
        """Return the bytes beside the integers of a column, in all runs."""
        return sum(len(split[column].side) for split in self.splits)

    def subcolumns(self) -> TableSample:
        """Return all sub-columns, run after run."""
        columns = (*self.cells, *(one for mapping in self.mappings for one in mapping.subcolumns))
        by_run = [dict(self._sequences(number, columns)) for number in range(len(self.runs))]
        spaces = {one.space for one in columns if one.space}
        predictor = self.codec.predictor
        order = [] if predictor is None else predictor.order.tolist()
        coded = {one.name for one in self.cells}
        features = self.codec.schema.features
        return TableSample(
            columns=columns,
            sequences={one.name: _joined([run[one.name] for run in by_run]) for one in columns},
            starts=_starts(map(len, self.runs)),
            item_starts={
                space: _starts(count_items(run[space]) for run in by_run) for space in spaces
            },
            share=self.share * self.growth,
            ranked=tuple(features[number] for number in order if features[number] in coded),
        )

    def _sequences(
        self, number: int, columns: Iterable[SubColumn]
    ) -> Iterator[tuple[str, Integers]]:
        """Yield the sub-columns of one run by name, lengths before items."""
        run, splits = self.runs[number], self.splits[number]
        found: dict[str, Integers] = {}
        for one in columns:
            split = splits.get(one.column)
            if split is None:
                found[one.name] = self._feature(one, number)
            elif split.is_whole:
                n_rows = count_items(found[one.space]) if one.space else len(run)
                found[one.name] = dead(n_rows)
            else:
                found[one.name] = split.sequences[one.name]
        yield from found.items()

    def _feature(self, column: SubColumn, number: int) -> Integers:
        """Return the validity or the cells of a feature column in one run."""
        cells, is_valid = self._cells[column.column][number]
        if column.role == "validity":
            return Integers(is_valid.astype(np.int64), None)
        return spread_cells(cells, is_valid, self.lows[column.column])


def _quantized(column: ColumnCodec, array: pa.Array) -> tuple[Cells, IsValid]:
    part = column.present(array)
    return column.quantizer.quantize(part.values, None)[0], part.is_valid


def sample_table(
    codec: ArchiveCodec,
    source: Source,
    groups: Sequence[RowGroup],
    names: Sequence[str],
    growth: float,
    most_values: int = MOST_VALUES,
) -> SampledTable:
    """Read runs of rows from fragments that have all columns with the types of the codec.

    Args:
        codec: codec of the feature columns.
        source: of the row groups.
        groups: row groups to read from.
        names: columns to map.
        growth: rows that the archive will hold per row of the source.
        most_values: values to read, over all columns.
    """
    wanted = list(dict.fromkeys((*codec.schema.features, *names)))
    suited = with_columns(source, groups, codec.schema, wanted)
    block_rows = codec.block_rows
    most_rows = max(1, most_values // max(len(wanted), 1))
    runs: list[pa.RecordBatch] = []
    n_bytes = 0
    for run in read_runs(suited, wanted, block_rows, most_rows) if suited and wanted else ():
        runs.append(run)
        n_bytes += weight_of(run)
        if n_bytes > _MOST_BYTES:
            break
    n_read = sum(map(len, runs))
    n_rows = sum(group.n_rows for group in groups)
    return SampledTable(codec, tuple(names), tuple(runs), n_rows / max(n_read, 1), growth)


def with_columns(
    source: Source, groups: Sequence[RowGroup], schema: TableSchema, names: Sequence[str]
) -> list[RowGroup]:
    """Return the row groups whose fragments have all these columns with the schema's types."""
    kinds = {name: schema.arrow.field(name).type for name in names}
    return [group for group in groups if _has(source.schema(group.fragment), kinds)]


def _has(schema: pa.Schema, kinds: Mapping[str, pa.DataType]) -> bool:
    found = {field.name: field.type for field in schema}
    return all(found.get(name) == kind for name, kind in kinds.items())


def _joined(parts: Sequence[Integers]) -> Integers:
    integers = np.concatenate([part.integers for part in parts])
    if all(part.live is None for part in parts):
        return Integers(integers, None)
    live = [np.ones(len(part.integers), bool) if part.live is None else part.live for part in parts]
    return Integers(integers, np.concatenate(live))


def _starts(sizes: Iterable[int]) -> Starts:
    found = np.array(list(sizes), np.int64)
    starts = np.cumsum(found) - found
    return np.unique(starts[found > 0])
