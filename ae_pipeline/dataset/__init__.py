"""The dataset that a job reads: its fragments, their identity, their rows as a stream."""

from ae_pipeline.dataset.discovery import discover, in_natural_order
from ae_pipeline.dataset.fragment import Fragment
from ae_pipeline.dataset.identity import (
    Seen,
    file_hash,
    fingerprint,
    fragment_hash,
    proving,
    share_file_or_folder,
)
from ae_pipeline.dataset.int96 import lossless_schema
from ae_pipeline.dataset.listing import (
    find_source,
    fragments_there,
    readable,
    still_there,
    tell_ignored,
)
from ae_pipeline.dataset.named import find_named
from ae_pipeline.dataset.opening import arrow_name, open_fragment, opened, pinned
from ae_pipeline.dataset.partial import fragment_schema, open_footer, opened_end
from ae_pipeline.dataset.partition import Key, known_values, partition_keys, partition_values
from ae_pipeline.dataset.reading import (
    RowGroup,
    list_row_groups,
    read_paced,
    read_records,
    rebatch,
)
from ae_pipeline.dataset.schemas import drifted_columns, fittable, typical_schema
from ae_pipeline.dataset.source import Source, pinned_source
from ae_pipeline.dataset.sparing import sparing, sparing_files
from ae_pipeline.dataset.table_format import refuse_inside_table

__all__ = [
    "Fragment",
    "Key",
    "RowGroup",
    "Seen",
    "Source",
    "arrow_name",
    "discover",
    "drifted_columns",
    "file_hash",
    "find_named",
    "find_source",
    "fingerprint",
    "fittable",
    "fragment_hash",
    "fragment_schema",
    "fragments_there",
    "in_natural_order",
    "known_values",
    "list_row_groups",
    "lossless_schema",
    "open_footer",
    "open_fragment",
    "opened",
    "opened_end",
    "partition_keys",
    "partition_values",
    "pinned",
    "pinned_source",
    "proving",
    "read_paced",
    "read_records",
    "readable",
    "rebatch",
    "refuse_inside_table",
    "share_file_or_folder",
    "sparing",
    "sparing_files",
    "still_there",
    "tell_ignored",
    "typical_schema",
]
