"""Artifacts that runs have left on a server."""

from __future__ import annotations

from pathlib import Path

from prefect.client.orchestration import get_client

from flows.pages.artifacts import artifact_key


def artifact_of(kind: str, dataset: str | Path) -> str:
    """Content of the latest artifact of a kind about a dataset."""
    key = artifact_key(kind, str(dataset))
    with get_client(sync_client=True) as client:
        found = [one for one in client.read_artifacts() if one.key == key]
    return str(max(found, key=lambda one: one.created).data)
