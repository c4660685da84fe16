"""References: rows that a codec keeps, by their keys, because the blocks of others repeat them."""

from ae_pipeline.table.references.file import pack_references, unpack_references
from ae_pipeline.table.references.picks import pick_references, saved_bits, surprise
from ae_pipeline.table.references.rows import (
    MOST_REFERENCES,
    STRETCH,
    Picks,
    References,
    hint_of,
    hints_of,
)

__all__ = [
    "MOST_REFERENCES",
    "STRETCH",
    "Picks",
    "References",
    "hint_of",
    "hints_of",
    "pack_references",
    "pick_references",
    "saved_bits",
    "surprise",
    "unpack_references",
]
