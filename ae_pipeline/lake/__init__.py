"""Tables with a log of their own, read as one snapshot: Delta Lake and Iceberg.

Nothing here writes to a table or deletes anything of it.
"""

from ae_pipeline.lake.snapshot import LiveFile, Snapshot
from ae_pipeline.lake.view import View
from ae_pipeline.lake.visit import reading_table, source_place, view_of, visiting_places

__all__ = [
    "LiveFile",
    "Snapshot",
    "View",
    "reading_table",
    "source_place",
    "view_of",
    "visiting_places",
]
