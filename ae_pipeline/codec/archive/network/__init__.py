"""The network of an archive, and the search for codes that make a block small."""

from ae_pipeline.codec.archive.network.code_search import (
    LEAST_DISTANCE,
    nearest_codes,
    search_codes,
)
from ae_pipeline.codec.archive.network.network import SHIFT, ArchiveNetwork, restore_encoder

__all__ = [
    "LEAST_DISTANCE",
    "SHIFT",
    "ArchiveNetwork",
    "nearest_codes",
    "restore_encoder",
    "search_codes",
]
