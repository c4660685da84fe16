"""The kinds of dataset that ae-pipeline writes, one fragment at a time."""

from ae_pipeline.formats.base import Facts, FragmentFormat
from ae_pipeline.formats.features import FeaturesFormat
from ae_pipeline.formats.latents.errors import ERROR_COLUMN, ERRORS_COLUMN
from ae_pipeline.formats.latents.records import (
    MISSING_COLUMN,
    compose_records,
    features_schema,
    split_records,
)
from ae_pipeline.formats.registry import (
    FORMATS,
    check_kind_of_codec,
    check_schema,
    check_settings,
    destination_of,
    find_format,
    format_of,
    open_features,
    open_format,
    require_footer,
    setting_of,
)
from ae_pipeline.formats.skipping import count_skipping
from ae_pipeline.formats.statistics import Statistics

__all__ = [
    "ERRORS_COLUMN",
    "ERROR_COLUMN",
    "FORMATS",
    "MISSING_COLUMN",
    "Facts",
    "FeaturesFormat",
    "FragmentFormat",
    "Statistics",
    "check_kind_of_codec",
    "check_schema",
    "check_settings",
    "compose_records",
    "count_skipping",
    "destination_of",
    "features_schema",
    "find_format",
    "format_of",
    "open_features",
    "open_format",
    "require_footer",
    "setting_of",
    "split_records",
]
