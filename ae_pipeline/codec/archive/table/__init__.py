"""Whole tables in an archive codec: mappings of columns, and the model of their sub-columns."""

from ae_pipeline.codec.archive.table.codec import (
    MOST_ITEMS,
    TableCodec,
    cell_subcolumns,
    dead,
    spread,
    validity_of,
)
from ae_pipeline.codec.archive.table.known import KnownTable, count_items
from ae_pipeline.codec.archive.table.record import (
    TABLE_FILE,
    VALUES_FILE,
    pack_values,
    read_table,
    table_to_json,
)

__all__ = [
    "MOST_ITEMS",
    "TABLE_FILE",
    "VALUES_FILE",
    "KnownTable",
    "TableCodec",
    "cell_subcolumns",
    "count_items",
    "dead",
    "pack_values",
    "read_table",
    "spread",
    "table_to_json",
    "validity_of",
]
