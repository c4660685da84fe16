"""Learned compression and latent features for partitioned Parquet tables.

Importing this loads neither TensorFlow nor Prefect.
"""

import ae_pipeline.report  # noqa: F401  gives every result its `repr`
from ae_pipeline.codec import load_codec
from ae_pipeline.codec.archive import ArchiveCodec
from ae_pipeline.codec.features import FeaturesCodec
from ae_pipeline.config.job import DecodeJob, EncodeJob, EstimateJob, FitJob, JobConfig, VerifyJob
from ae_pipeline.config.load import load_job
from ae_pipeline.errors import AePipelineError
from ae_pipeline.escaping import escape_logs, visible
from ae_pipeline.verbs import decode, encode, estimate, fit, inspect, verify

escape_logs(__name__, visible)

__version__ = "0.1.0"

__all__ = [
    "AePipelineError",
    "ArchiveCodec",
    "DecodeJob",
    "EncodeJob",
    "EstimateJob",
    "FeaturesCodec",
    "FitJob",
    "JobConfig",
    "VerifyJob",
    "decode",
    "encode",
    "estimate",
    "fit",
    "inspect",
    "load_codec",
    "load_job",
    "verify",
]
