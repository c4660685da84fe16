"""Delete objects that nobody has replaced: S3 deletes on a condition, and keeps versions if asked.

Other stores are looked at right before. S3-compatible servers may ignore the condition; in a bucket
that keeps versions, what the deletion hid is looked at afterwards, and given its name back if it is
not what was to be deleted.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from typing import Any, Literal, TypeAlias  # Any: boto3 makes its classes as it runs

from ae_pipeline.errors import StoreDeniedError
from ae_pipeline.extras import require
from ae_pipeline.locations import Location, location_of
from ae_pipeline.store import changing
from ae_pipeline.store.changes import delete as delete_object
from ae_pipeline.store.clients import s3_client
from ae_pipeline.store.faults import boto_faults, faults
from ae_pipeline.store.mirror import Entry, entry_of
from ae_pipeline.store.paths import is_remote
from ae_pipeline.store.session import current

#: The version of an object that had none when its bucket began to keep versions.
_FIRST = "null"
#: Refusals that say that the object is another one by now, or none.
_CHANGED = {"PreconditionFailed", "NoSuchKey", "ConditionalRequestConflict"}
#: What followed a version: nothing; a deletion; or another version, whatever came then.
Fate: TypeAlias = Literal["present", "deleted", "replaced"]


@dataclass(frozen=True, slots=True)
class Present:
    """An object at this moment.

    Args:
        entry: its version, as a listing tells it.
        version_id: its name among the versions that the bucket keeps.
    """

    entry: Entry
    version_id: str


def find_present(path: Path) -> Present | None:
    """Ask for an object now, whatever was listed; None if it is gone. Errors as `faults`."""
    import obstore  # noqa: PLC0415, of an extra

    mirror, key = current().find(os.fspath(path))
    try:
        with faults(mirror.uri(key)):
            meta: Any = obstore.head(mirror.client, key)
    except FileNotFoundError:
        return None
    return Present(entry_of(meta), meta.get("version") or _FIRST)


class Deletions:
    """Deletions of objects of one bucket.

    Args:
        location: a place in it.
        client: of boto3; None for other stores than S3.
        keeps_versions: the bucket is known to keep what is deleted.
    """

    def __init__(self, location: Location, client: Any, *, keeps_versions: bool) -> None:
        self._location, self._client = location, client
        self.keeps_versions = keeps_versions

    def delete(self, path: Path, version: Entry) -> bool:
        """Delete an object; False if it is another version by now.

        Raises:
            StoreDeniedError: it may not be deleted, and was not.
            StoreUnavailableError: nobody knows whether it was.
        """
        present = find_present(path)
        if present is None or not present.entry.is_same(version):
            return False
        if self._client is None:
            delete_object(*current().find(os.fspath(path)))
        elif not self._delete_if(path, version):
            return False
        changing.note_deleted(path)
        return True

    def _delete_if(self, path: Path, version: Entry) -> bool:
        """Delete on condition; an answer may be lost, and a second try finds nothing any more."""
        from botocore.exceptions import ClientError  # noqa: PLC0415, of an extra

        _, key = current().find(os.fspath(path))
        what = {"Bucket": self._location.bucket, "Key": key, "IfMatch": version.etag}
        with boto_faults(str(path)):
            try:
                self._client.delete_object(**what)
            except ClientError as error:
                if error.response.get("Error", {}).get("Code") not in _CHANGED:
                    raise
                return find_present(path) is None
        return True

    def settle(self, path: Path, version_id: str) -> Fate:
        """Find what followed a version that was to be deleted.

        Another version that the deletion hides gets its name back, unless others have given the
        name to something since. What is not known, such as a version that is gone for good, counts
        as deleted.

        Raises:
            StoreError: the store denies it, or does not answer.
        """
        if not self.keeps_versions:
            return "deleted"
        _, key = current().find(os.fspath(path))
        with boto_faults(str(path)):
            later = self._later_than(key, version_id)
            if later is None or (later and later[0].is_marker):
                return "deleted"
            markers = later[len(list(takewhile(lambda one: not one.is_marker, later))) :]
            if all(one.is_marker for one in markers):
                for one in markers:
                    self._client.delete_object(
                        Bucket=self._location.bucket, Key=key, VersionId=one.name
                    )
        if markers:
            changing.look_again(path)
        return "replaced" if later else "present"

    def _later_than(self, key: str, version_id: str) -> list[_Version] | None:
        """Return what followed a version, the oldest first; None if it is gone for good."""
        later: list[_Version] = []
        for one in self._versions(key):
            if one.name == version_id:
                return later[::-1]
            later.append(one)
        return None

    def _versions(self, key: str) -> Iterator[_Version]:
        """Yield the versions of an object, the newest first.

        Each is a page of its own: clients sort a longer one into versions and markers.
        """
        pages = self._client.get_paginator("list_object_versions").paginate(
            Bucket=self._location.bucket, Prefix=key, PaginationConfig={"PageSize": 1}
        )
        for page in pages:
            for kind in ("Versions", "DeleteMarkers"):
                for one in page.get(kind, ()):
                    if one["Key"] != key:  # which only begins with it
                        return
                    yield _Version(one["VersionId"], kind == "DeleteMarkers")


@dataclass(frozen=True, slots=True)
class _Version:
    """A version of an object, or the marker of a deletion.

    Args:
        name: its id.
        is_marker: it is a marker.
    """

    name: str
    is_marker: bool


@contextmanager
def deletions_in(root: Path, *, may_keep_none: bool = False) -> Iterator[Deletions | None]:
    """Yield the deletions in the bucket of a place; None for files.

    Args:
        root: the place.
        may_keep_none: where the store denies to tell, the bucket counts as one without versions.

    Raises:
        MissingExtraError: boto3 is not installed.
        StoreError: the settings make no client, or the store does not tell what it keeps.
    """
    location = location_of(os.fspath(root)) if is_remote(root) else None
    if location is None:
        yield None
        return
    if location.scheme != "s3":
        yield Deletions(location, None, keeps_versions=False)
        return
    require("deleting sources in S3", "boto3")
    with boto_faults(location.uri):
        client = s3_client(location, current().config(location))
    with closing(client):
        try:
            keeps_versions = _keeps_versions(client, location)
        except StoreDeniedError:
            if not may_keep_none:
                raise
            keeps_versions = False
        yield Deletions(location, client, keeps_versions=keeps_versions)


def _keeps_versions(client: Any, location: Location) -> bool:
    """Whether a bucket keeps what is deleted, and lets us look at that."""
    with boto_faults(location.root):
        if _versioning(client, location.bucket) != "Enabled":
            return False
        client.list_object_versions(Bucket=location.bucket, Prefix=location.key, MaxKeys=1)
    return True


def _versioning(client: Any, bucket: str) -> str | None:
    """Return what a bucket does with versions; None where it never kept any."""
    from botocore.exceptions import ClientError  # noqa: PLC0415, of an extra

    try:
        status: str | None = client.get_bucket_versioning(Bucket=bucket).get("Status")
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") != "NotImplemented":
            raise
        return None
    return status
