"""Columns as integers: every Arrow type maps to sub-columns of integers and back, bit for bit."""

from ae_pipeline.mapping.base import Mapping, Split
from ae_pipeline.mapping.fitting import fit_mapping
from ae_pipeline.mapping.record import mapping_from_json, mapping_to_json
from ae_pipeline.mapping.subcolumn import (
    Family,
    Live,
    Sequence,
    SubColumn,
    join_sequences,
    live_rows,
)
from ae_pipeline.mapping.whole import pack_whole, unpack_whole

__all__ = [
    "Family",
    "Live",
    "Mapping",
    "Sequence",
    "Split",
    "SubColumn",
    "fit_mapping",
    "join_sequences",
    "live_rows",
    "mapping_from_json",
    "mapping_to_json",
    "pack_whole",
    "unpack_whole",
]
