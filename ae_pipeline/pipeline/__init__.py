"""The verbs over whole datasets. One fragment is the unit of work.

Each verb is plan, fragments, finish; the flows put tasks around the middle.
"""

from ae_pipeline.pipeline.backfill import backfill, finish_backfill, start_backfill
from ae_pipeline.pipeline.backfill_plan import plan_backfill
from ae_pipeline.pipeline.collect import collect
from ae_pipeline.pipeline.compress import (
    NOTHING,
    Settled,
    compress,
    finish_compress,
    settle,
    start_compress,
    watch_drift,
)
from ae_pipeline.pipeline.decode import (
    decode,
    decode_fragments,
    finish_decode,
    finish_verify,
    verify,
)
from ae_pipeline.pipeline.decode_plan import DecodePlan, plan_decode, plan_verify
from ae_pipeline.pipeline.encode import encode, encode_fragments, finish_encode
from ae_pipeline.pipeline.encode_plan import EncodePlan, plan_encode
from ae_pipeline.pipeline.estimate import estimate
from ae_pipeline.pipeline.fit import fit
from ae_pipeline.pipeline.fragments import Outcome
from ae_pipeline.pipeline.inspection import inspect
from ae_pipeline.pipeline.prune import remove_replaced, replace_partitions
from ae_pipeline.pipeline.read_back import plan_check
from ae_pipeline.pipeline.retention import finish_retiring

__all__ = [
    "NOTHING",
    "DecodePlan",
    "EncodePlan",
    "Outcome",
    "Settled",
    "backfill",
    "collect",
    "compress",
    "decode",
    "decode_fragments",
    "encode",
    "encode_fragments",
    "estimate",
    "finish_backfill",
    "finish_compress",
    "finish_decode",
    "finish_encode",
    "finish_retiring",
    "finish_verify",
    "fit",
    "inspect",
    "plan_backfill",
    "plan_check",
    "plan_decode",
    "plan_encode",
    "plan_verify",
    "remove_replaced",
    "replace_partitions",
    "settle",
    "start_backfill",
    "start_compress",
    "verify",
    "watch_drift",
]
