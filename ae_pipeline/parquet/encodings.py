"""Choose how a plain table's columns are encoded, by the bytes that its first row group takes.

A column has the encoding that suits its type in most tables unless another one takes less: a float
column of few values is smaller with a dictionary, a count that goes up is smaller as differences.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal, TypeAlias  # Any: options of Arrow's writer

import pyarrow as pa
import pyarrow.parquet as pq

Encoding: TypeAlias = Literal[
    "DICTIONARY", "PLAIN", "BYTE_STREAM_SPLIT", "DELTA_BINARY_PACKED", "DELTA_BYTE_ARRAY"
]
#: What the leaf path of a vector has beyond the name of its column.
VECTOR_LEAF = ".list.element"
#: The level of Zstandard where it pays.
HARD_LEVEL = 9
#: The rows that tell which encodings are worth measuring, and what they may take beyond the usual.
_FEW_ROWS, _HOPELESS = 1 << 12, 1.25
#: What another encoding saves at least: row groups differ.
_WORTH = 0.98


def encoding_options(usual: Mapping[str, Encoding]) -> dict[str, Any]:
    """Return options of Arrow's writer for columns of these names, or of these leaf paths."""
    return {
        "use_dictionary": [name for name, one in usual.items() if one == "DICTIONARY"],
        "column_encoding": {name: one for name, one in usual.items() if one != "DICTIONARY"},
    }


def measured(
    table: pa.Table, usual: Mapping[str, Encoding], options: Mapping[str, Any], *, is_arrow: bool
) -> dict[str, Encoding]:
    """Return the encodings of columns, those replaced that take more bytes than another one.

    Args:
        table: the first row group.
        usual: encodings by column name or leaf path; those of nested columns stay, but for
            vectors, whose leaves are `PATH.list.element`.
        options: of compression and of types, for Arrow's writer.
        is_arrow: readers of the source know Arrow's encodings; Spark knows few.
    """
    chosen = dict(usual)
    for name, encoding in usual.items():
        owner = _owner(name, table)
        if owner not in table.column_names or not len(table):
            continue
        others = list(_possible(table.schema.field(owner).type, is_arrow))
        column = table.select([owner])
        few = _sizes(column.slice(0, _FEW_ROWS), {encoding, *others}, options)
        hopeful = [one for one in others if few[one] < _HOPELESS * few[encoding]]
        if hopeful != [encoding] and hopeful:
            chosen[name] = _smallest(_sizes(column, {encoding, *hopeful}, options), encoding)
    return chosen


def measured_levels(
    table: pa.Table, encodings: Mapping[str, Encoding], options: Mapping[str, Any]
) -> dict[str, int]:
    """Return higher levels of Zstandard, by leaf path, for vectors that take fewer bytes then.

    Arguments as `measured`; `encodings` are those chosen.
    """
    found = {}
    for name, encoding in encodings.items():
        owner = _owner(name, table)
        if owner == name or owner not in table.column_names or not len(table):
            continue
        column = table.select([owner])
        hard = _size(column, encoding, {**options, "compression_level": HARD_LEVEL})
        if hard < _WORTH * _size(column, encoding, options):
            found[name] = HARD_LEVEL
    return found


def _owner(name: str, table: pa.Table) -> str:
    """Return the column that a name or leaf path means; a name may look like a leaf's path."""
    return name if name in table.column_names else name.removesuffix(VECTOR_LEAF)


def _possible(kind: pa.DataType, is_arrow: bool) -> tuple[Encoding, ...]:
    """Return encodings that a type may have for readers of its table; none if one is certain."""
    types = pa.types
    kind = kind.value_type if types.is_fixed_size_list(kind) else kind
    if types.is_boolean(kind) or types.is_dictionary(kind) or types.is_nested(kind):
        return ()
    if not is_arrow:
        return ("DICTIONARY", "PLAIN")
    if types.is_floating(kind):
        return ("DICTIONARY", "BYTE_STREAM_SPLIT")
    if types.is_integer(kind) or (types.is_temporal(kind) and not types.is_interval(kind)):
        return ("DICTIONARY", "DELTA_BINARY_PACKED")
    if kind in {pa.string(), pa.large_string(), pa.binary(), pa.large_binary()}:
        return ("DICTIONARY", "DELTA_BYTE_ARRAY")
    return ()


def _smallest(sizes: Mapping[Encoding, int], usual: Encoding) -> Encoding:
    best = min(sizes, key=lambda one: (sizes[one], one))
    return best if sizes[best] < _WORTH * sizes[usual] else usual


def _sizes(
    column: pa.Table, encodings: Iterable[Encoding], options: Mapping[str, Any]
) -> dict[Encoding, int]:
    """Return the compressed bytes of a column in each encoding; others as for `measured`."""
    return {one: _size(column, one, options) for one in encodings}


def _size(column: pa.Table, encoding: Encoding, options: Mapping[str, Any]) -> int:
    sink = pa.BufferOutputStream()
    numbered = column.rename_columns(["0"])  # a name may hold dots
    leaf = "0" + VECTOR_LEAF * pa.types.is_fixed_size_list(numbered.schema.field(0).type)
    with pq.ParquetWriter(
        sink, numbered.schema, **options, **encoding_options({leaf: encoding})
    ) as writer:
        writer.write_table(numbered, row_group_size=len(numbered))
    metadata = pq.read_metadata(pa.BufferReader(sink.getvalue()))
    return int(metadata.row_group(0).column(0).total_compressed_size)
