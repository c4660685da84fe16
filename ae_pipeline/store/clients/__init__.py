"""Clients of buckets: obstore's for objects, boto3's for what obstore does not know."""

from ae_pipeline.store.clients.boto import s3_client
from ae_pipeline.store.clients.objects import connect

__all__ = ["connect", "s3_client"]
