"""The archive codec: row groups to bytes in which every value keeps its promise."""

from ae_pipeline.codec.archive.codec import MOST_ROWS, ArchiveCodec
from ae_pipeline.codec.archive.column import code_directly
from ae_pipeline.codec.archive.files import load_archive_codec, model_bytes, save_archive_codec
from ae_pipeline.codec.archive.network import ArchiveNetwork

__all__ = [
    "MOST_ROWS",
    "ArchiveCodec",
    "ArchiveNetwork",
    "code_directly",
    "load_archive_codec",
    "model_bytes",
    "save_archive_codec",
]
