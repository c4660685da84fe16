"""The table model: every sub-column coded with what is known of its row, exactly."""

from ae_pipeline.table.known import KnownRows
from ae_pipeline.table.model import SubColumnModel, TableModel
from ae_pipeline.table.subcolumn_coder import SubColumnCoder, needs_of
from ae_pipeline.table.table_file import pack_table, unpack_table

__all__ = [
    "KnownRows",
    "SubColumnCoder",
    "SubColumnModel",
    "TableModel",
    "needs_of",
    "pack_table",
    "unpack_table",
]
