"""The parts that both codecs share: content that hashes to an id, provenance, weights as bytes."""

from ae_pipeline.codec.directory import CODEC_FILE, FORMER_CODEC_FILE, holds_codec
from ae_pipeline.codec.load import load_codec
from ae_pipeline.codec.provenance import Provenance

__all__ = [
    "CODEC_FILE",
    "FORMER_CODEC_FILE",
    "Provenance",
    "holds_codec",
    "load_codec",
]
