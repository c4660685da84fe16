"""Datasets that we write: where things lie, what footers say, how tables are written."""

from ae_pipeline.storage.coder import Coder
from ae_pipeline.storage.footer import Footer, read_footer
from ae_pipeline.storage.layout import (
    Extract,
    Kind,
    Marker,
    checkpoint_directory,
    codec_directory,
    read_marker,
    report_directory,
    write_marker,
)
from ae_pipeline.storage.leaves import column_bytes, leaf_bytes
from ae_pipeline.storage.notes import NoteKind, read_notes, remove_note, write_note
from ae_pipeline.storage.part import WHOLE, Part
from ae_pipeline.storage.table import Write, block_writer, table_writer

__all__ = [
    "WHOLE",
    "Coder",
    "Extract",
    "Footer",
    "Kind",
    "Marker",
    "NoteKind",
    "Part",
    "Write",
    "block_writer",
    "checkpoint_directory",
    "codec_directory",
    "column_bytes",
    "leaf_bytes",
    "read_footer",
    "read_marker",
    "read_notes",
    "remove_note",
    "report_directory",
    "table_writer",
    "write_marker",
    "write_note",
]
