"""The table of a codec ↔ keys of a codec's JSON and two files, `docs/format.md`, section 4."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any  # JSON trees

import pyarrow as pa

from ae_pipeline.codec.archive.table.codec import (
    MOST_LOW,
    TableCodec,
    cell_subcolumns,
    table_lanes,
)
from ae_pipeline.codec.content import integer_of, objects, text_of
from ae_pipeline.coding import Quantizer, Reader, prefixed
from ae_pipeline.columns import TableSchema
from ae_pipeline.mapping import Mapping, mapping_from_json, mapping_to_json

#: The packed model; and the tables of values of all mappings, such as words.
TABLE_FILE, VALUES_FILE = "table.bin", "values.bin"
#: The packed references, if there are any.
REFERENCES_FILE = "references.bin"
#: Tables of one mapping, sub-columns of a codec, and bytes of either file.
_MOST_TABLES, _MOST_SUBCOLUMNS, _MOST_BYTES = 1 << 16, 1 << 18, 1 << 28


def table_to_json(table: TableCodec) -> dict[str, Any]:
    """Write the settings of every mapping, the lows of cells, and who has a validity."""
    nullable = [one.column for one in table.cells if one.role == "validity"]
    columns = [
        {"name": mapping.column, "n_tables": len(mapping.tables), **mapping_to_json(mapping)}
        for mapping in table.mappings
    ]
    tree = {"nullable": nullable, "lows": list(table.lows.values()), "columns": columns}
    return {**tree, "references": True} if table.kept else tree


def pack_values(table: TableCodec) -> bytes:
    """Pack the tables of all mappings, each after its length."""
    return prefixed([one for mapping in table.mappings for one in mapping.tables])


def read_table(
    path: Path, tree: Any, schema: TableSchema, quantizers: Sequence[Quantizer]
) -> TableCodec | None:
    """Invert `table_to_json` and read both files; None for a codec without a table.

    Raises:
        ValueError: a value is out of range; KeyError, TypeError or OSError if one is missing.
    """
    if tree is None:
        return None
    (tree,) = objects([tree], "table")
    reader = Reader(_read(path / VALUES_FILE))
    mappings = tuple(
        _read_mapping(one, schema, reader) for one in objects(tree["columns"], "table")
    )
    if not reader.is_at_end:
        raise ValueError("bytes that no mapping owns")
    nullable = [text_of({"nullable": one}, "nullable", schema.lanes) for one in tree["nullable"]]
    lows = _read_lows(tree["lows"], schema, quantizers)
    cells = cell_subcolumns(schema, quantizers, nullable, lows)
    kept = _read(path / REFERENCES_FILE) if tree.get("references") else b""
    table = TableCodec(mappings, cells, _read(path / TABLE_FILE), lows, kept)
    _check(table, schema)
    return table


def _read_lows(
    found: list[Any], schema: TableSchema, quantizers: Sequence[Quantizer]
) -> dict[str, int]:
    lanes = table_lanes(schema, quantizers).items()
    names = [name for name, quantizer in lanes if quantizer.grid.has_cells]
    lows = {str(place): low for place, low in enumerate(found)}
    if len(lows) != len(names):
        raise ValueError(f"{len(lows)} lows of {len(names)} columns")
    numbers = (integer_of(lows, place, -MOST_LOW, MOST_LOW) for place in lows)
    return dict(zip(names, numbers, strict=True))


def _read_mapping(tree: dict[str, Any], schema: TableSchema, reader: Reader) -> Mapping:
    name = text_of(tree, "name")
    if schema.arrow.names.count(name) != 1:
        raise ValueError(f"{name!r:.40} is not a column of the schema")
    tables = reader.take_prefixed(integer_of(tree, "n_tables", 0, _MOST_TABLES))
    kind: pa.DataType = schema.arrow.field(name).type
    return mapping_from_json(tree, name, kind, tables)


def _check(table: TableCodec, schema: TableSchema) -> None:
    """Raise ValueError if names are not unique or there are too many; read the model."""
    names = [*(one.name for one in table.own_subcolumns), *table.hints]
    if len(names) > _MOST_SUBCOLUMNS or len(set(names)) < len(names):
        raise ValueError("sub-columns are too many, or two have one name")
    columns = [mapping.column for mapping in table.mappings]
    coded = {one.column for one in table.cells}
    lanes = {n: name for name, own in zip(schema.features, schema.spans, strict=True) for n in own}
    coded |= {lanes[n] for n, lane in enumerate(schema.lanes) if lane in coded}
    if len(set(columns)) < len(columns) or coded.intersection(columns):
        raise ValueError("a column is coded twice")
    keys = () if table.references is None else table.references.keys
    places = {name: place for place, name in enumerate(table.model.order)}
    if any(places.get(hint, 0) < places.get(key, 0) for hint in table.hints for key in keys):
        raise ValueError("a hint comes before the key that it is found by")
    if set(table.model.order) != set(names):
        raise ValueError("the model has not the sub-columns of the table")


def _read(path: Path) -> bytes:
    if path.stat().st_size > _MOST_BYTES:
        raise ValueError(f"{path.name} is too large")
    return path.read_bytes()
