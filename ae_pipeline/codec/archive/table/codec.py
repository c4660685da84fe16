"""The part of an archive codec that codes columns as sub-columns of integers."""

from __future__ import annotations

from collections.abc import Collection
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
from ae_pipeline.table.references import References, hint_of, hints_of, unpack_references

_VALIDITY = "?"
#: Lanes of the widest vectors that are sub-columns.
_WIDEST = 16
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
        kept: the packed references; empty if there are none.
    """

    mappings: tuple[Mapping, ...]
    cells: tuple[SubColumn, ...]
    content: bytes
    lows: Dictionary[str, int] = field(default_factory=dict)
    kept: bytes = b""

    @cached_property
    def own_subcolumns(self) -> tuple[SubColumn, ...]:
        """The sub-columns that blocks store."""
        own = (one for mapping in self.mappings for one in mapping.subcolumns)
        return (*self.cells, *own)

    @cached_property
    def subcolumns(self) -> dict[str, SubColumn]:
        """All sub-columns by name, hints last."""
        return {one.name: one for one in (*self.own_subcolumns, *self.hints.values())}

    @cached_property
    def references(self) -> References | None:
        """Rows that blocks may repeat; ValueError if their bytes are damaged."""
        return unpack_references(self.kept, self.own_subcolumns) if self.kept else None

    @cached_property
    def hints(self) -> dict[str, SubColumn]:
        """Hints, the sub-columns that references say, by name."""
        names = self.references.names if self.references is not None else ()
        wanted = frozenset(names)
        hints = hints_of(one for one in self.own_subcolumns if one.name in wanted)
        return {one.name: one for one in hints}

    @cached_property
    def hinted(self) -> dict[str, str]:
        """The sub-column that each hint is about."""
        names = self.references.names if self.references is not None else ()
        return {hint_of(name): name for name in names}

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
        """Streams of each mapped column; last, those that say which references are followed."""
        own = tuple(len(mapping.subcolumns) for mapping in self.mappings)
        return own if self.references is None else (*own, 1 + len(self.references.names))

    def without_model(self) -> TableCodec:
        """Return the same columns, each sub-column coded on its own."""
        order = tuple(name for name in self.model.order if name not in self.hints)
        content = pack_table(TableModel(order, ()), self.own_subcolumns)
        return replace(self, content=content, kept=b"")

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
    for name, quantizer in table_lanes(schema, quantizers).items():
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


def table_lanes(schema: TableSchema, quantizers: Items[Quantizer]) -> dict[str, Quantizer]:
    """Return the grids of the lanes that may be sub-columns; those of wide vectors may not."""
    triples = zip(quantizers, schema.spans, strict=True)
    narrow = ((one, numbers) for one, numbers in triples if len(numbers) <= _WIDEST)
    return {schema.lanes[number]: one for one, numbers in narrow for number in numbers}


def interleaved(
    model: Items[str],
    order: Items[int],
    lanes: Items[str],
    cells: Items[SubColumn],
    elsewhere: Collection[int],
) -> list[str]:
    """Return the coding order of sub-columns with the lanes that are none in their places.

    Such a lane comes right before the first sub-column that is after it in the order of linear
    prediction. One that is named like a sub-column of another column is left out: it has no cells,
    so nothing depends on it.

    Args:
        model: names of sub-columns in coding order, which respects that of linear prediction.
        order: numbers of all lanes in the order of linear prediction.
        lanes: names of all lanes.
        cells: sub-columns of lanes.
        elsewhere: numbers of lanes whose columns are mapped.
    """
    owners = {one.name: one.column for one in cells}
    taken = {*owners, *model}
    alone = [n for n in order if n not in elsewhere and lanes[n] not in taken]
    if not alone:
        return list(model)
    numbers = {lanes[n]: n for n in order if n not in elsewhere}
    places = {n: place for place, n in enumerate(order)}
    found: list[str] = []
    for name in model:
        number = numbers.get(owners.get(name, ""))
        while alone and number is not None and places[alone[0]] < places[number]:
            found.append(lanes[alone.pop(0)])
        found.append(name)
    return [*found, *(lanes[n] for n in alone)]


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
