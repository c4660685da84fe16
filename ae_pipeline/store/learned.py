"""Remember facts about the versions of objects; files of this machine are looked at anew."""

from __future__ import annotations

import os
from pathlib import Path

from ae_pipeline.store.facts import Kind
from ae_pipeline.store.paths import ObjectPath
from ae_pipeline.store.session import current


def recall(path: Path, kind: Kind) -> str | None:
    """Return what is known of the present version of an object; None for all else."""
    if not isinstance(path, ObjectPath):
        return None
    session = current()
    mirror, key = session.find(os.fspath(path))
    entry = mirror.entries.get(key)
    return None if entry is None else session.facts.recall(mirror.uri(key), entry.etag, kind)


def remember(path: Path, kind: Kind, fact: str) -> None:
    """Keep a fact about the present version of an object; of other files nothing is kept."""
    if isinstance(path, ObjectPath):
        session = current()
        mirror, key = session.find(os.fspath(path))
        entry = mirror.entries.get(key)
        if entry is not None:
            session.facts.remember(mirror.uri(key), entry.etag, kind, fact)
