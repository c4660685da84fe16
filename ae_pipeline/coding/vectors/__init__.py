"""Vector columns in a block: one directory for all lanes, and streams that lanes share."""

from ae_pipeline.coding.vectors.cosine import cosine_similarity, keeps_cosine
from ae_pipeline.coding.vectors.shared import MOST_SHARED, pack_shared, unpack_shared
from ae_pipeline.coding.vectors.streams import (
    MOST_NUMBERS,
    VectorLayout,
    VectorStreams,
    check_size,
    read_vector,
)

__all__ = [
    "MOST_NUMBERS",
    "MOST_SHARED",
    "VectorLayout",
    "VectorStreams",
    "check_size",
    "cosine_similarity",
    "keeps_cosine",
    "pack_shared",
    "read_vector",
    "unpack_shared",
]
