"""The codec: everything needed to turn rows into latents and back, identified by its content."""

from ae_pipeline.codec.codec import Codec, Provenance
from ae_pipeline.codec.directory import CODEC_FILE, load_codec, save_codec

__all__ = ["CODEC_FILE", "Codec", "Provenance", "load_codec", "save_codec"]
