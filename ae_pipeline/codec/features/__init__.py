"""The features codec: rows to latents and back."""

from ae_pipeline.codec.features.codec import FeaturesCodec
from ae_pipeline.codec.features.errors import row_errors
from ae_pipeline.codec.features.files import load_features_codec, save_features_codec
from ae_pipeline.codec.features.rounding import EXACT, LatentRounding

__all__ = [
    "EXACT",
    "FeaturesCodec",
    "LatentRounding",
    "load_features_codec",
    "row_errors",
    "save_features_codec",
]
