"""Datasets that we write: where things lie, what footers say, how tables are written."""

from ae_pipeline.storage.bounded import MOST_GROUP_BYTES, read_bounded
from ae_pipeline.storage.coder import Coder
from ae_pipeline.storage.content import check_keepable, check_structure
from ae_pipeline.storage.footer import Footer, damaged_footer, read_footer
from ae_pipeline.storage.form import Change, Form, differing_columns, field_metadata, own_form
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
from ae_pipeline.storage.leaves import column_bytes, leaf_bytes, read_leaves
from ae_pipeline.storage.notes import NoteKind, read_notes, read_unchecked, remove_note, write_note
from ae_pipeline.storage.part import WHOLE, Part
from ae_pipeline.storage.table import Write, block_writer, table_writer

__all__ = [
    "MOST_GROUP_BYTES",
    "WHOLE",
    "Change",
    "Coder",
    "Extract",
    "Footer",
    "Form",
    "Kind",
    "Marker",
    "NoteKind",
    "Part",
    "Write",
    "block_writer",
    "check_keepable",
    "check_structure",
    "checkpoint_directory",
    "codec_directory",
    "column_bytes",
    "damaged_footer",
    "differing_columns",
    "field_metadata",
    "leaf_bytes",
    "own_form",
    "read_bounded",
    "read_footer",
    "read_leaves",
    "read_marker",
    "read_notes",
    "read_unchecked",
    "remove_note",
    "report_directory",
    "table_writer",
    "write_marker",
    "write_note",
]
