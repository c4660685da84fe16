"""Clients of buckets: obstore's for objects, boto3's for what obstore does not know."""

from ae_pipeline.store.clients.boto import s3_client
from ae_pipeline.store.clients.credentials import (
    Credentials,
    Loan,
    lending,
    loader_now,
    packed_credentials,
    take_credentials,
    use_loader,
)
from ae_pipeline.store.clients.objects import connect

__all__ = [
    "Credentials",
    "Loan",
    "connect",
    "lending",
    "loader_now",
    "packed_credentials",
    "s3_client",
    "take_credentials",
    "use_loader",
]
