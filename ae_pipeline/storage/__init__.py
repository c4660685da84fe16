"""Datasets that ae-pipeline writes: their layout, their footers, and how parts are read."""

from ae_pipeline.storage.bounded import read_bounded
from ae_pipeline.storage.destination import check_apart, check_claim, check_kind, claim
from ae_pipeline.storage.footer import Footer, damaged_footer, footer_of_keys, read_footer
from ae_pipeline.storage.fragment_part import WHOLE, Part
from ae_pipeline.storage.layout import (
    Extract,
    Kind,
    Marker,
    checkpoint_directory,
    codec_directory,
    drift_file,
    former_metrics_file,
    is_codec_id,
    marker_of,
    metrics_file,
    page_file,
    read_marker,
    report_directory,
)
from ae_pipeline.storage.notes import (
    NoteKind,
    read_note_now,
    read_notes,
    read_unchecked,
    remove_note,
    write_note,
)
from ae_pipeline.storage.private import PRIVATE_FOLDER, name_within, private_folder
from ae_pipeline.storage.twin_names import check_distinct_names

__all__ = [
    "PRIVATE_FOLDER",
    "WHOLE",
    "Extract",
    "Footer",
    "Kind",
    "Marker",
    "NoteKind",
    "Part",
    "check_apart",
    "check_claim",
    "check_distinct_names",
    "check_kind",
    "checkpoint_directory",
    "claim",
    "codec_directory",
    "damaged_footer",
    "drift_file",
    "footer_of_keys",
    "former_metrics_file",
    "is_codec_id",
    "marker_of",
    "metrics_file",
    "name_within",
    "page_file",
    "private_folder",
    "read_bounded",
    "read_footer",
    "read_marker",
    "read_note_now",
    "read_notes",
    "read_unchecked",
    "remove_note",
    "report_directory",
    "write_note",
]
