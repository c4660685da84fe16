"""Learned compression and latent features for partitioned Parquet tables.

Importing this loads neither TensorFlow nor Prefect.
"""

import ae_pipeline.report  # noqa: F401  gives every result its `repr`
from ae_pipeline.codec import Codec, load_codec
from ae_pipeline.config import (
    DecodeJob,
    EncodeJob,
    EstimateJob,
    FitJob,
    JobConfig,
    VerifyJob,
    load_job,
)
from ae_pipeline.errors import AePipelineError
from ae_pipeline.escaping import escape_logs, visible
from ae_pipeline.pipeline import decode, encode, estimate, fit, inspect, verify

escape_logs(__name__, visible)

__version__ = "0.1.0"

__all__ = [
    "AePipelineError",
    "Codec",
    "DecodeJob",
    "EncodeJob",
    "EstimateJob",
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
