"""Protect what a step of a verb reads from what it writes, wherever links and mounts lead."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from ae_pipeline.dataset.source import Source
from ae_pipeline.protection import Protected, protecting


@contextmanager
def sparing(*sources: Source | None) -> Iterator[None]:
    """Refuse to write to these datasets inside the context, with `DestinationOverlapError`."""
    known = [source for source in sources if source is not None]
    folders = dict.fromkeys(folder for source in known for folder in source.folders)
    files = [fragment.path for source in known for fragment in source.fragments]
    with sparing_files(folders, files):
        yield


@contextmanager
def sparing_files(folders: Iterable[str], files: Iterable[Path]) -> Iterator[None]:
    """Refuse to write in these folders and over these files, whatever name leads to them."""
    with protecting(Protected(folders, files)):
        yield
