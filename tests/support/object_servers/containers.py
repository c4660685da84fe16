"""Make containers, which obstore does not."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
import urllib.request
from contextlib import closing
from email.utils import formatdate
from typing import Any

from tests.support.object_servers.server import ObjectServer

API_VERSION = "2021-08-06"  # of Azure's blobs: any that azurite knows
READY_TIMEOUT_S = 60
POLL_S = 0.02


def make_container(server: ObjectServer) -> ObjectServer:
    """Make the server's container, as soon as the server is ready for it, and return the server."""
    make = _make_bucket if server.scheme == "s3" else _make_azure_container
    deadline = time.monotonic() + READY_TIMEOUT_S
    while True:
        try:
            make(server)
            return server
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(POLL_S)


def s3_client(server: ObjectServer) -> Any:  # boto3 makes its classes as it runs
    """A client of boto3, which also takes keys that obstore refuses; to be closed."""
    import boto3  # type: ignore[import-untyped]

    return boto3.client(
        "s3",
        endpoint_url=server.endpoint,
        aws_access_key_id=server.credentials["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=server.credentials["AWS_SECRET_ACCESS_KEY"],
        region_name=server.credentials["AWS_REGION"],
    )


def keep_versions(server: ObjectServer) -> ObjectServer:
    """Let the server's bucket keep versions from now on, and return the server."""
    with closing(s3_client(server)) as client:
        client.put_bucket_versioning(
            Bucket=server.container, VersioningConfiguration={"Status": "Enabled"}
        )
    return server


def _make_bucket(server: ObjectServer) -> None:
    """Make a bucket; boto3 signs for it."""
    with closing(s3_client(server)) as client:
        client.create_bucket(Bucket=server.container)


def _make_azure_container(server: ObjectServer) -> None:
    """Make a container by a request that is signed with the account's key."""
    account = server.credentials["AZURE_STORAGE_ACCOUNT_NAME"]
    headers = {"x-ms-date": formatdate(usegmt=True), "x-ms-version": API_VERSION}
    signed = "\n".join(f"{name}:{value}" for name, value in sorted(headers.items()))
    # Eleven standard headers stand empty between the verb and ours.
    resource = f"/{account}/{account}/{server.container}\nrestype:container"
    text = "PUT" + "\n" * 12 + f"{signed}\n{resource}"
    key = base64.b64decode(server.credentials["AZURE_STORAGE_ACCOUNT_KEY"])
    signature = base64.b64encode(hmac.digest(key, text.encode(), hashlib.sha256)).decode()
    request = urllib.request.Request(  # noqa: S310 - our own server
        f"{server.endpoint}/{server.container}?restype=container",
        method="PUT",
        headers={**headers, "Authorization": f"SharedKey {account}:{signature}"},
    )
    urllib.request.urlopen(request).close()  # noqa: S310
