"""The part of an archive codec that codes columns as sub-columns of integers."""

from __future__ import annotations

from collections.abc import Mapping as Dictionary
from collections.abc import Sequence as Items
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import pyarrow as pa
from jaxtyping import Bool, Int64

from ae_pipeline.coding import DecimalGrid, LinearGrid, Quantizer
from ae_pipeline.columns import TableSchema
from ae_pipeline.mapping import Family, Mapping, Sequence, Split, SubColumn
from ae_pipeline.table import SubColumnCoder, TableModel, pack_table, unpack_table

_VALIDITY = "?"
#: Items of all lists of a block; a writer stores more as a whole.
MOST_ITEMS = 1 << 24
#: Cells are smaller than this, see `coding.grids`.
MOST_LOW = 1 << 53
#: Decimal places whose powers of ten float64 holds.
_MOST_PLACES = 15


@dataclass(frozen=True)
class TableCodec:
    """Mappings of columns, the sub-columns of feature columns, and the model of them all.

    Args:
        mappings: of the columns that are coded exactly, in schema order.
        cells: sub-columns of feature columns with a grid, each after its validity if it has one.
        content: the packed table model.
        lows: the cell of each feature column that is 0 as a sub-column, by its name.
    """

    mappings: tuple[Mapping, ...]
    cells: tuple[SubColumn, ...]
    content: bytes
    lows: Dictionary[str, int] = field(default_factory=dict)

    @cached_property
    def subcolumns(self) -> dict[str, SubColumn]:
        """All sub-columns by name."""
        own = (one for mapping in self.mappings for one in mapping.subcolumns)
        return {one.name: one for one in (*self.cells, *own)}

    @cached_property
    def model(self) -> TableModel:
        """The table model; ValueError if its bytes are damaged."""
        return unpack_table(self.content, tuple(self.subcolumns.values()))

    @cached_property
    def coders(self) -> dict[str, SubColumnCoder]:
        """Coders of the sub-columns that have a model."""
        return {one.name: SubColumnCoder(one) for one in self.model.models}

    @cached_property
    def mapped(self) -> dict[str, Mapping]:
        """Mappings by the name of their column."""
        return {mapping.column: mapping for mapping in self.mappings}

    @cached_property
    def n_subcolumns(self) -> tuple[int, ...]:
        """Sub-columns of each mapping."""
        return tuple(len(mapping.subcolumns) for mapping in self.mappings)

    def without_model(self) -> TableCodec:
        """Return the same columns, each sub-column coded on its own."""
        content = pack_table(TableModel(self.model.order, ()), tuple(self.subcolumns.values()))
        return replace(self, content=content)

    def coded_in(self, schema: pa.Schema) -> tuple[str, ...]:
        """Return the mapped columns that a fragment of this schema codes.

        A column of another type than at fit time is kept.
        """
        found = {field.name: field.type for field in schema}
        pairs = ((mapping.column, mapping.type) for mapping in self.mappings)
        return tuple(name for name, kind in pairs if found.get(name) == kind)

    def split(self, records: pa.RecordBatch) -> dict[str, Split]:
        """Map the columns of some rows that are coded; those with too many items stay whole."""
        found = {}
        for name in self.coded_in(records.schema):
            array = records.column(name)
            split = self.mapped[name].split(array)
            if not split.is_whole and self._has_too_many_items(name, split):
                split = self.mapped[name].whole(array)
            found[name] = split
        return found

    def _has_too_many_items(self, column: str, split: Split) -> bool:
        lengths = (one.name for one in self.mapped[column].subcolumns if one.role == "length")
        return any(split.sequences[name].integers.sum() > MOST_ITEMS for name in lengths)


def cell_subcolumns(
    schema: TableSchema,
    quantizers: Items[Quantizer],
    nullable: Items[str],
    lows: Dictionary[str, int],
) -> tuple[SubColumn, ...]:
    """Return the sub-columns of all feature columns with a grid.

    Args:
        schema: of the source.
        quantizers: of the feature columns.
        nullable: feature columns whose validity is a sub-column, too.
        lows: the cell of each column that is 0 as a sub-column.
    """
    found: list[SubColumn] = []
    for name, quantizer in zip(schema.features, quantizers, strict=True):
        has_validity = name in nullable
        if has_validity:
            found.append(SubColumn(validity_of(name), name, "validity"))
        if quantizer.grid.has_cells:
            offset, places, family = _meaning(quantizer)
            offset += lows[name] if family == "number" else 0
            cells = SubColumn(name, name, "number", family, offset=offset, places=places)
            if has_validity:
                cells = replace(cells, parent=validity_of(name), allowed=(1,))
            found.append(cells)
    return tuple(found)


def validity_of(name: str) -> str:
    """Return the name of a feature column's validity as a sub-column."""
    return name + _VALIDITY


def spread(
    cells: Int64[np.ndarray, "present"], is_valid: Bool[np.ndarray, "rows"], low: int
) -> Sequence:
    """Return a sub-column from the cells of the rows that are not null.

    Args:
        cells: of these rows.
        is_valid: which rows they are.
        low: cell that becomes 0; differences wrap modulo 2^64.
    """
    if is_valid.all():
        return Sequence(cells - np.int64(low), None)
    full = np.zeros(len(is_valid), np.int64)
    full[is_valid] = cells - np.int64(low)
    return Sequence(full, is_valid)


def dead(n_rows: int) -> Sequence:
    """Return a sub-column without a single integer."""
    return Sequence(np.zeros(n_rows, np.int64), np.zeros(n_rows, bool))


def _meaning(quantizer: Quantizer) -> tuple[int, int, Family]:
    """Return offset and places of cells that are decimals or whole numbers, and their family."""
    grid = quantizer.grid
    if isinstance(grid, DecimalGrid) and 0 <= grid.places <= _MOST_PLACES:
        return round(grid.offset * 10**grid.places), grid.places, "number"
    if isinstance(grid, LinearGrid) and grid.cell == 1.0 and grid.offset.is_integer():
        return int(grid.offset), 0, "number"
    return 0, 0, "rank"
