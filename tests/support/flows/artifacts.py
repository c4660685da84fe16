"""Artifacts that runs have left on a server."""

from __future__ import annotations

from itertools import count
from pathlib import Path

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.objects import Artifact
from prefect.client.schemas.sorting import ArtifactSort

from flows.pages.artifacts import artifact_key

#: Most that a server returns at once.
_PAGE = 200


def artifact_of(kind: str, dataset: str | Path) -> str:
    """Content of the latest artifact of a kind about a dataset."""
    return str(artifacts_by_key()[artifact_key(kind, str(dataset))].data)


def artifacts_by_key() -> dict[str, Artifact]:
    """The latest artifact of each key, on the server of this process."""
    with get_client(sync_client=True) as client:
        return {one.key: one for one in all_artifacts(client)}


def all_artifacts(client: SyncPrefectClient) -> list[Artifact]:
    """All artifacts of a server, the oldest first, however many tests have left theirs there."""
    found: list[Artifact] = []
    for page in count():
        sort, offset = ArtifactSort.CREATED_DESC, page * _PAGE
        some = client.read_artifacts(sort=sort, limit=_PAGE, offset=offset)
        found += some
        if len(some) < _PAGE:
            break
    return sorted(found, key=lambda one: one.created)
