"""The verbs over whole datasets. Each plans, works through fragments, and sums up.

Flows wrap these steps in tasks.
"""

from ae_pipeline.verbs.backfill import backfill, finish_backfill, replace_partitions, start_backfill
from ae_pipeline.verbs.compress import (
    NOTHING,
    Settled,
    compress,
    finish_compress,
    settle,
    start_compress,
    watch_drift,
)
from ae_pipeline.verbs.decode import decode, decode_fragments, finish_decode, finish_verify, verify
from ae_pipeline.verbs.decode_plan import plan_decode, plan_verify
from ae_pipeline.verbs.encode import encode, encode_fragments, finish_encode
from ae_pipeline.verbs.encode_plan import prepare_encode
from ae_pipeline.verbs.estimate import estimate
from ae_pipeline.verbs.features import features
from ae_pipeline.verbs.fit import fit
from ae_pipeline.verbs.gc import gc
from ae_pipeline.verbs.inspect import inspect
from ae_pipeline.verbs.read_back import plan_check

__all__ = [
    "NOTHING",
    "Settled",
    "backfill",
    "compress",
    "decode",
    "decode_fragments",
    "encode",
    "encode_fragments",
    "estimate",
    "features",
    "finish_backfill",
    "finish_compress",
    "finish_decode",
    "finish_encode",
    "finish_verify",
    "fit",
    "gc",
    "inspect",
    "plan_check",
    "plan_decode",
    "plan_verify",
    "prepare_encode",
    "replace_partitions",
    "settle",
    "start_backfill",
    "start_compress",
    "verify",
    "watch_drift",
]
