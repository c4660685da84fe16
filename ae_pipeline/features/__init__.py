"""The features dataset: kept columns, latents, and the missing values, fragment by fragment."""

from ae_pipeline.features.footer import Footer, read_footer
from ae_pipeline.features.fragment import (
    FeaturesRecord,
    check_new_names,
    compose_records,
    features_schema,
    split_records,
)
from ae_pipeline.features.layout import (
    MISSING_COLUMN,
    Marker,
    checkpoint_directory,
    codec_directory,
    read_marker,
    report_directory,
    write_marker,
)
from ae_pipeline.features.table import column_bytes, features_writer, table_writer

__all__ = [
    "MISSING_COLUMN",
    "FeaturesRecord",
    "Footer",
    "Marker",
    "check_new_names",
    "checkpoint_directory",
    "codec_directory",
    "column_bytes",
    "compose_records",
    "features_schema",
    "features_writer",
    "read_footer",
    "read_marker",
    "report_directory",
    "split_records",
    "table_writer",
    "write_marker",
]
