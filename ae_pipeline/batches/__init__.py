"""Batches of rows or of files, for the workers of any engine: Spark, Ray, Airflow, Prefect.

Functions take and return what every engine can send: Arrow rows, names, text and numbers.
"""

from ae_pipeline.batches.files import FileRecord, decode_files, encode_files
from ae_pipeline.batches.plans import FilePlan, plan_decode_files, plan_encode_files
from ae_pipeline.batches.rows import (
    decode_batches,
    decode_rows,
    decoded_schema,
    encode_batches,
    encode_rows,
    encoded_schema,
)

__all__ = [
    "FilePlan",
    "FileRecord",
    "decode_batches",
    "decode_files",
    "decode_rows",
    "decoded_schema",
    "encode_batches",
    "encode_files",
    "encode_rows",
    "encoded_schema",
    "plan_decode_files",
    "plan_encode_files",
]
