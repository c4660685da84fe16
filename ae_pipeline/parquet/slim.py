"""Leave out of a Parquet footer what readers of blocks derive or do not need.

Arrow's writer states its own version, the order of statistics that blocks lack, places that
others tell, and counts of pages and levels: more bytes than all that a reader of blocks asks for.
"""

from __future__ import annotations

from pathlib import Path

from ae_pipeline.parquet.footer import (
    COLUMNS,
    META_DATA,
    ROW_GROUPS,
    footer_bytes,
    replace_footer,
)
from ae_pipeline.parquet.restate import change_each, changed
from ae_pipeline.parquet.schema import as_struct
from ae_pipeline.parquet.thrift import STRUCT, Struct, Thrift, Value, write_value

#: Optional fields of parquet.thrift: who wrote the file and how statistics are sorted,
_CREATED_BY, _COLUMN_ORDERS = 6, 7
#: of a row group, its place, bytes and number, which those of its column chunks tell,
_FILE_OFFSET, _STORED_BYTES, _ORDINAL = 5, 6, 7
#: and of a column chunk, how many pages have which encoding, and counts of levels and bytes.
_ENCODING_STATS, _SIZE_STATISTICS = 13, 16


def slim(path: Path) -> None:
    """Rewrite the footer of a file of blocks alone, which nobody reads yet."""
    with path.open("r+b") as file:
        footer = footer_bytes(file)
        fields = as_struct(Thrift(footer).value(STRUCT))
        left = _without(changed(fields, ROW_GROUPS, _slim_groups), _CREATED_BY, _COLUMN_ORDERS)
        replace_footer(file, footer, write_value(STRUCT, left))


def _slim_groups(groups: Value) -> Value:
    return change_each(groups, _slim_group)


def _slim_group(group: Struct) -> Struct:
    left = changed(group, COLUMNS, _slim_chunks)
    return _without(left, _FILE_OFFSET, _STORED_BYTES, _ORDINAL)


def _slim_chunks(chunks: Value) -> Value:
    return change_each(chunks, lambda chunk: changed(chunk, META_DATA, _slim_metadata))


def _slim_metadata(metadata: Value) -> Value:
    return _without(as_struct(metadata), _ENCODING_STATS, _SIZE_STATISTICS)


def _without(struct: Struct, *numbers: int) -> Struct:
    return tuple(field for field in struct if field[0] not in numbers)
