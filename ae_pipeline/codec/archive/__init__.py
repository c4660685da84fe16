"""The archive codec: row groups to bytes in which every value keeps its promise."""

from ae_pipeline.codec.archive.codec import MOST_ROWS, ArchiveCodec
from ae_pipeline.codec.archive.column import ColumnCodec, code_directly
from ae_pipeline.codec.archive.effort import WayChoice
from ae_pipeline.codec.archive.files import (
    json_bytes,
    load_archive_codec,
    model_bytes,
    save_archive_codec,
)
from ae_pipeline.codec.archive.needs import needed_columns
from ae_pipeline.codec.archive.network import ArchiveNetwork
from ae_pipeline.codec.archive.table import (
    TableCodec,
    cell_subcolumns,
    count_items,
    dead,
    spread,
    table_lanes,
    validity_of,
    without_unused,
)

__all__ = [
    "MOST_ROWS",
    "ArchiveCodec",
    "ArchiveNetwork",
    "ColumnCodec",
    "TableCodec",
    "WayChoice",
    "cell_subcolumns",
    "code_directly",
    "count_items",
    "dead",
    "json_bytes",
    "load_archive_codec",
    "model_bytes",
    "needed_columns",
    "save_archive_codec",
    "spread",
    "table_lanes",
    "validity_of",
    "without_unused",
]
