"""Runs of rows of a source as sub-columns: what a table model is fitted to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa
from jaxtyping import Bool, Int64

from ae_pipeline.blocks import weight_of
from ae_pipeline.codec.archive import (
    ArchiveCodec,
    ColumnCodec,
    TableCodec,
    cell_subcolumns,
    count_items,
    dead,
    table_lanes,
    validity_of,
)
from ae_pipeline.codec.archive import spread as spread_cells
from ae_pipeline.columns import LaneReader, TableSchema, count_lanes
from ae_pipeline.dataset import RowGroup, Source
from ae_pipeline.mapping import Mapping as ColumnMapping
from ae_pipeline.mapping import Sequence as Integers
from ae_pipeline.mapping import Split, SubColumn, fit_mapping, join_sequences
from ae_pipeline.planner.sample import read_runs
from ae_pipeline.table_fit import TableSample

#: Values of a sample, over all columns; and the bytes that its rows take at most.
MOST_VALUES, _MOST_BYTES = 8 << 20, 1 << 27

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
        nullable = [
            name
            for name, runs in self._cells.items()
            if not all(is_valid.all() for _, is_valid in runs)
            # Two sub-columns never have one name.
            and validity_of(name) not in self.codec.schema.lanes
        ]
        return cell_subcolumns(self.codec.schema, self.codec.quantizers, nullable, self.lows)

    @cached_property
    def lows(self) -> dict[str, int]:
        """Smallest cell of each lane with a grid that is a sub-column, by its name."""
        return {
            name: min((int(cells.min()) for cells, _ in runs if len(cells)), default=0)
            for name, runs in self._cells.items()
        }

    @cached_property
    def _cells(self) -> dict[str, list[tuple[Cells, IsValid]]]:
        """Cells and validity of each lane that may be a sub-column, run by run."""
        runs = list(map(self._cells_of, self.runs))
        return {name: [run[name] for run in runs] for name in runs[0]} if runs else {}

    @cached_property
    def splits(self) -> list[dict[str, Split]]:
        """The mapped columns of each run as integers."""
        return [self._table.split(run) for run in self.runs]

    @cached_property
    def _table(self) -> TableCodec:
        return TableCodec(self.mappings, self.cells, b"", self.lows)

    def side_bytes(self, column: str) -> int:
        """Return the bytes beside the integers of a column, in all runs."""
        return sum(len(split[column].side) for split in self.splits)

    def subcolumns(self) -> TableSample:
        """Return all sub-columns, run after run."""
        columns = self.columns
        by_run = [
            self._sequences(run, split, {name: one[number] for name, one in self._cells.items()})
            for number, (run, split) in enumerate(zip(self.runs, self.splits, strict=True))
        ]
        spaces = {one.space for one in columns if one.space}
        predictor = self.codec.predictor
        order = [] if predictor is None else predictor.order.tolist()
        coded = {one.name for one in self.cells}
        lanes = self.codec.schema.lanes
        return TableSample(
            columns=columns,
            sequences={
                one.name: join_sequences([run[one.name] for run in by_run]) for one in columns
            },
            starts=_starts(map(len, self.runs)),
            item_starts={
                space: _starts(count_items(run[space]) for run in by_run) for space in spaces
            },
            share=self.share * self.growth,
            ranked=tuple(lanes[number] for number in order if lanes[number] in coded),
        )

    @cached_property
    def columns(self) -> tuple[SubColumn, ...]:
        """All sub-columns, parents before children."""
        return (*self.cells, *(one for mapping in self.mappings for one in mapping.subcolumns))

    def sequences_of(self, rows: pa.RecordBatch) -> dict[str, Integers]:
        """Return the sub-columns of any rows with the same columns, by name."""
        return self._sequences(rows, self._table.split(rows), self._cells_of(rows))

    def _cells_of(self, rows: pa.RecordBatch) -> dict[str, tuple[Cells, IsValid]]:
        """Return cells and validity of each lane with a grid that may be a sub-column."""
        schema, lanes = self.codec.schema, LaneReader(rows)
        columns = dict(zip(schema.lanes, self.codec.columns, strict=True))
        return {
            name: _quantized(columns[name], lanes.lane(name))
            for name in table_lanes(schema, self.codec.quantizers)
            if columns[name].has_cells
        }

    def _sequences(
        self,
        rows: pa.RecordBatch,
        splits: Mapping[str, Split],
        cells: Mapping[str, tuple[Cells, IsValid]],
    ) -> dict[str, Integers]:
        """Return sub-columns of some rows by name, lengths before items."""
        found: dict[str, Integers] = {}
        for one in self.columns:
            split = splits.get(one.column)
            if split is None:
                found[one.name] = self._feature(one, *cells[one.column])
            elif split.is_whole:
                n_rows = count_items(found[one.space]) if one.space else len(rows)
                found[one.name] = dead(n_rows)
            else:
                found[one.name] = split.sequences[one.name]
        return found

    def _feature(self, column: SubColumn, cells: Cells, is_valid: IsValid) -> Integers:
        """Return the validity or the cells of a feature column."""
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
    width = sum(count_lanes(codec.schema.arrow.field(name).type) for name in wanted)
    most_rows = max(1, most_values // max(width, 1))
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


def _starts(sizes: Iterable[int]) -> Starts:
    found = np.array(list(sizes), np.int64)
    starts = np.cumsum(found) - found
    return np.unique(starts[found > 0])
