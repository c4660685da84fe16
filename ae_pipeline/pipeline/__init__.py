"""The verbs over whole datasets. One fragment is the unit of work."""

from ae_pipeline.pipeline.decode import (
    DecodePlan,
    decode,
    decode_fragment,
    finish_decode,
    plan_decode,
)
from ae_pipeline.pipeline.encode import (
    EncodePlan,
    encode,
    encode_fragment,
    finish_encode,
    plan_encode,
)
from ae_pipeline.pipeline.fit import fit
from ae_pipeline.pipeline.fragments import Outcome, for_each_fragment
from ae_pipeline.pipeline.inspection import inspect

__all__ = [
    "DecodePlan",
    "EncodePlan",
    "Outcome",
    "decode",
    "decode_fragment",
    "encode",
    "encode_fragment",
    "finish_decode",
    "finish_encode",
    "fit",
    "for_each_fragment",
    "inspect",
    "plan_decode",
    "plan_encode",
]
