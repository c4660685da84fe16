"""One fragment: encoded, decoded, compared, and what is reported of it."""

from ae_pipeline.fragments.byte_account import account, fragment_bytes
from ae_pipeline.fragments.column_report import is_lost, share_kept
from ae_pipeline.fragments.decode import decode_fragment
from ae_pipeline.fragments.encode import encode_fragment
from ae_pipeline.fragments.metrics_table import write_metrics
from ae_pipeline.fragments.plans import DecodePlan, EncodePlan
from ae_pipeline.fragments.source_match import returned_error
from ae_pipeline.fragments.summary import summarize

__all__ = [
    "DecodePlan",
    "EncodePlan",
    "account",
    "decode_fragment",
    "encode_fragment",
    "fragment_bytes",
    "is_lost",
    "returned_error",
    "share_kept",
    "summarize",
    "write_metrics",
]
