"""The features codec: rows to latents and back."""

from ae_pipeline.codec.features.codec import FeaturesCodec
from ae_pipeline.codec.features.files import load_features_codec, save_features_codec

__all__ = [
    "FeaturesCodec",
    "load_features_codec",
    "save_features_codec",
]
