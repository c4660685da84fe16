"""Learned compression and latent features for partitioned Parquet tables.

Importing this loads neither TensorFlow nor Prefect.
"""

from ae_pipeline.codec import Codec, load_codec
from ae_pipeline.config import DecodeJob, EncodeJob, FitJob, JobConfig, VerifyJob, load_job
from ae_pipeline.errors import AePipelineError
from ae_pipeline.pipeline import decode, encode, fit, inspect, verify

__version__ = "0.1.0"

__all__ = [
    "AePipelineError",
    "Codec",
    "DecodeJob",
    "EncodeJob",
    "FitJob",
    "JobConfig",
    "VerifyJob",
    "decode",
    "encode",
    "fit",
    "inspect",
    "load_codec",
    "load_job",
    "verify",
]
