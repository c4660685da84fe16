"""The features dataset: kept columns, latents, and the missing values."""

from ae_pipeline.features.coder import FeaturesCoder
from ae_pipeline.features.fragment import (
    MISSING_COLUMN,
    FeaturesRecord,
    check_new_names,
    compose_records,
    features_schema,
    split_records,
)

__all__ = [
    "MISSING_COLUMN",
    "FeaturesCoder",
    "FeaturesRecord",
    "check_new_names",
    "compose_records",
    "features_schema",
    "split_records",
]
