"""The kinds of dataset that we write, one fragment at a time."""

from ae_pipeline.formats.archive import ArchiveFormat, archive_schema
from ae_pipeline.formats.base import FragmentFormat
from ae_pipeline.formats.features import FeaturesFormat
from ae_pipeline.formats.latent_records import (
    MISSING_COLUMN,
    check_new_names,
    compose_records,
    features_schema,
    split_records,
)
from ae_pipeline.formats.open import (
    check_block_name,
    check_codec_kind,
    check_schema,
    check_settings,
    find_format,
    open_format,
    require_footer,
)

__all__ = [
    "MISSING_COLUMN",
    "ArchiveFormat",
    "FeaturesFormat",
    "FragmentFormat",
    "archive_schema",
    "check_block_name",
    "check_codec_kind",
    "check_new_names",
    "check_schema",
    "check_settings",
    "compose_records",
    "features_schema",
    "find_format",
    "open_format",
    "require_footer",
    "split_records",
]
