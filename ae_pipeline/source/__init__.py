"""The dataset we are given: its fragments, their fingerprints, their rows as a flat stream."""

from ae_pipeline.source.discovery import Fragment, Source, discover, in_natural_order
from ae_pipeline.source.fingerprint import file_hash, fingerprint, fragment_hash, hash_of
from ae_pipeline.source.int96 import with_int96_unit
from ae_pipeline.source.opening import (
    arrow_name,
    identity_of_status,
    opened,
    pinned,
    pinned_source,
    reading_errors,
)
from ae_pipeline.source.partition import Key, known_values, partition_keys, partition_values
from ae_pipeline.source.reading import (
    RowGroup,
    list_row_groups,
    open_fragment,
    read_records,
    rebatch,
    rows_at_once,
)
from ae_pipeline.source.table_format import refuse_inside_table
from ae_pipeline.source.weight import cut, leaves, weight_of

__all__ = [
    "Fragment",
    "Key",
    "RowGroup",
    "Source",
    "arrow_name",
    "cut",
    "discover",
    "file_hash",
    "fingerprint",
    "fragment_hash",
    "hash_of",
    "identity_of_status",
    "in_natural_order",
    "known_values",
    "leaves",
    "list_row_groups",
    "open_fragment",
    "opened",
    "partition_keys",
    "partition_values",
    "pinned",
    "pinned_source",
    "read_records",
    "reading_errors",
    "rebatch",
    "refuse_inside_table",
    "rows_at_once",
    "weight_of",
    "with_int96_unit",
]
