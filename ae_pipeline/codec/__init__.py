"""The codecs: rows to latents and back, and blocks within tolerances; identified by content."""

from ae_pipeline.codec.archive_codec import MOST_ROWS, ArchiveCodec
from ae_pipeline.codec.archive_directory import (
    load_archive_codec,
    model_bytes,
    save_archive_codec,
)
from ae_pipeline.codec.archive_network import ArchiveNetwork
from ae_pipeline.codec.classes import pack_classes
from ae_pipeline.codec.codec import Codec, Provenance
from ae_pipeline.codec.column import code_directly, fill_rows
from ae_pipeline.codec.directory import CODEC_FILE, codec_kind, load_codec, save_codec
from ae_pipeline.codec.streams import BlockStreams

__all__ = [
    "CODEC_FILE",
    "MOST_ROWS",
    "ArchiveCodec",
    "ArchiveNetwork",
    "BlockStreams",
    "Codec",
    "Provenance",
    "code_directly",
    "codec_kind",
    "fill_rows",
    "load_archive_codec",
    "load_codec",
    "model_bytes",
    "pack_classes",
    "save_archive_codec",
    "save_codec",
]
