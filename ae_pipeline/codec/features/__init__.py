"""The features codec: rows to latents and back."""

from ae_pipeline.codec.features.codec import FeaturesCodec
from ae_pipeline.codec.features.errors import row_errors
from ae_pipeline.codec.features.files import load_features_codec, save_features_codec

__all__ = [
    "FeaturesCodec",
    "load_features_codec",
    "row_errors",
    "save_features_codec",
]
