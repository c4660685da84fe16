"""The parts that both codecs share: content that hashes to an id, provenance, weights as bytes."""

from ae_pipeline.codec.directory import CODEC_FILE
from ae_pipeline.codec.load import codec_kind, load_codec
from ae_pipeline.codec.provenance import Provenance

__all__ = [
    "CODEC_FILE",
    "Provenance",
    "codec_kind",
    "load_codec",
]
