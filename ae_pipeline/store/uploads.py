"""Multipart uploads to S3 that have not ended: their parts cost money, and no object shows them.

A process that is killed midway leaves one. Azure drops such parts after a week by itself; of Google
Cloud Storage, lifecycle rules do.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any  # boto3 makes its classes as it runs

from ae_pipeline.extras import require
from ae_pipeline.locations import Location, location_of
from ae_pipeline.store.clients import s3_client
from ae_pipeline.store.faults import boto_faults
from ae_pipeline.store.paths import is_remote
from ae_pipeline.store.session import current


@dataclass(frozen=True)
class Upload:
    """An upload that has not ended.

    Args:
        relative: path below the folder of the object that it would become.
        key: of that object.
        name: its id in the store.
        newest_s: when its last part came, or else when it began, in seconds since the epoch.
        size_bytes: of its parts.
    """

    relative: str
    key: str
    name: str
    newest_s: float
    size_bytes: int


class Uploads:
    """The uploads to a place in a bucket of S3.

    Args:
        client: of boto3.
        location: the place.
    """

    def __init__(self, client: Any, location: Location) -> None:
        self._client, self._location = client, location
        self._prefix = f"{location.key}/" if location.key else ""

    def find(self) -> list[Upload]:
        """Return those that have not ended.

        Raises:
            StoreError: the store denies it, or does not answer.
        """
        with boto_faults(self._location.uri):
            listed = self._pages("list_multipart_uploads", "Uploads", Prefix=self._prefix)
            return [upload for one in listed for upload in self._seen(one)]

    def abort(self, upload: Upload) -> None:
        """Drop the parts of an upload, unless it has ended meanwhile; errors as `find`."""
        name = {"Key": upload.key, "UploadId": upload.name}
        with boto_faults(self._location.uri), _unless_gone(self._client):
            self._client.abort_multipart_upload(Bucket=self._location.bucket, **name)

    def _seen(self, one: Any) -> Iterator[Upload]:
        name = {"Key": one["Key"], "UploadId": one["UploadId"]}
        with _unless_gone(self._client):
            parts = list(self._pages("list_parts", "Parts", **name))
            times = [part["LastModified"].timestamp() for part in parts]
            newest = max(times, default=one["Initiated"].timestamp())
            n_bytes = sum(part["Size"] for part in parts)
            relative = one["Key"].removeprefix(self._prefix)
            yield Upload(relative, one["Key"], one["UploadId"], newest, n_bytes)

    def _pages(self, operation: str, items: str, **asked: str) -> Iterator[Any]:
        pages = self._client.get_paginator(operation).paginate(
            Bucket=self._location.bucket, **asked
        )
        for page in pages:
            yield from page.get(items, ())


@contextmanager
def uploads_to(root: Path) -> Iterator[Uploads | None]:
    """Yield the uploads to a folder; None where stores drop them by themselves, or there are none.

    Raises:
        MissingExtraError: boto3 is not installed.
        ConfigError: nobody lends the credentials of a block, or the endpoint is not a URL.
        StoreError: the settings make no client.
    """
    location = location_of(os.fspath(root)) if is_remote(root) else None
    if location is None or location.scheme != "s3":
        yield None
        return
    config = current().config(location)
    require("looking for uploads that never ended", "boto3")
    with boto_faults(location.uri):
        client = s3_client(location, config)
    with closing(client):
        yield Uploads(client, location)


@contextmanager
def _unless_gone(client: Any) -> Iterator[None]:
    """Leave out what has ended since it was listed."""
    try:
        yield
    except client.exceptions.NoSuchUpload:
        return
