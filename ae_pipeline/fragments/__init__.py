"""Work on one fragment: encode, decode, compare, report."""

from ae_pipeline.fragments.byte_account import account, fragment_bytes
from ae_pipeline.fragments.decode import DecodeWork, decode_fragment
from ae_pipeline.fragments.encode import EncodeWork, encode_fragment
from ae_pipeline.fragments.metrics_table import write_metrics
from ae_pipeline.fragments.plans import DecodePlan, EncodePlan
from ae_pipeline.fragments.source_match import returned_error
from ae_pipeline.fragments.summary import summarize
from ae_pipeline.fragments.withheld import check_meaning_kept

__all__ = [
    "DecodePlan",
    "DecodeWork",
    "EncodePlan",
    "EncodeWork",
    "account",
    "check_meaning_kept",
    "decode_fragment",
    "encode_fragment",
    "fragment_bytes",
    "returned_error",
    "summarize",
    "write_metrics",
]
