"""Whole tables in an archive codec: mappings of columns, and the model of their sub-columns."""

from ae_pipeline.codec.archive.table.codec import (
    MOST_ITEMS,
    TableCodec,
    cell_subcolumns,
    dead,
    interleaved,
    spread,
    table_lanes,
    validity_of,
)
from ae_pipeline.codec.archive.table.known import KnownTable, count_items
from ae_pipeline.codec.archive.table.picks import pack_picks, unpack_picks
from ae_pipeline.codec.archive.table.record import (
    REFERENCES_FILE,
    TABLE_FILE,
    VALUES_FILE,
    pack_values,
    read_table,
    table_to_json,
)
from ae_pipeline.codec.archive.table.unused import without_unused

__all__ = [
    "MOST_ITEMS",
    "REFERENCES_FILE",
    "TABLE_FILE",
    "VALUES_FILE",
    "KnownTable",
    "TableCodec",
    "cell_subcolumns",
    "count_items",
    "dead",
    "interleaved",
    "pack_picks",
    "pack_values",
    "read_table",
    "spread",
    "table_lanes",
    "table_to_json",
    "unpack_picks",
    "validity_of",
    "without_unused",
]
