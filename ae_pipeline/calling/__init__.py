"""Verbs for Python: paths, frames and keywords in place of a job."""

from ae_pipeline.calling.row_codec import RowCodec
from ae_pipeline.calling.verbs import (
    backfill,
    compare,
    compress,
    decode,
    decompress,
    encode,
    estimate,
    features,
    fit,
    verify,
)

__all__ = [
    "RowCodec",
    "backfill",
    "compare",
    "compress",
    "decode",
    "decompress",
    "encode",
    "estimate",
    "features",
    "fit",
    "verify",
]
