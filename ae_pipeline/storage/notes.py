"""Small records about fragments, kept beside a dataset, for facts that its footers cannot hold.

One file per fragment, published whole, so that concurrent runs do not lose each other's notes.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Literal

from ae_pipeline.publish import publish_bytes, remove
from ae_pipeline.storage.private import private_folder
from ae_pipeline.store import changing, recall, remember

#: `failed`: the last attempt did not succeed. `retired`: the source was deleted after verification.
#: `retiring`: the source is about to be deleted.
#: `unchecked`, one note per run: the fragments that it writes and has not read back yet.
NoteKind = Literal["failed", "retired", "retiring", "unchecked"]
_SUFFIX = ".json"


def write_note(dataset: Path, kind: NoteKind, relative: str, content: dict[str, str]) -> None:
    """Write a note about a fragment; `DestinationError` if it cannot be written."""
    path, text = _path(dataset, kind, relative), json.dumps(content, indent=2) + "\n"
    publish_bytes(path, text.encode())
    remember(path, "note", text)


def read_notes(dataset: Path, kind: NoteKind) -> dict[str, dict[str, str]]:
    """Read the notes of a kind, by the fragments' relative paths; a damaged note is empty."""
    root = _root(dataset, kind)
    return {
        path.relative_to(root).as_posix().removesuffix(_SUFFIX): _read(path)
        for path in sorted(root.rglob(f"*{_SUFFIX}"))
    }


def read_note_now(dataset: Path, kind: NoteKind, relative: str) -> dict[str, str] | None:
    """Read a note that another run may have written since this one began; None without one.

    Raises:
        StoreError: that cannot be told.
    """
    path = _path(dataset, kind, relative)
    changing.look_again(path)
    return _read(path) if path.exists() else None


def read_unchecked(dataset: Path) -> set[str]:
    """Return the fragments that runs wrote, or were about to write, and have not read back."""
    return {name for names in read_notes(dataset, "unchecked").values() for name in names}


def remove_note(dataset: Path, kind: NoteKind, relative: str) -> None:
    """Remove a note, if it exists."""
    remove(_path(dataset, kind, relative))


def _root(dataset: Path, kind: NoteKind) -> Path:
    return private_folder(dataset) / kind


def _path(dataset: Path, kind: NoteKind, relative: str) -> Path:
    return _root(dataset, kind) / f"{relative}{_SUFFIX}"


def _read(path: Path) -> dict[str, str]:
    try:
        tree = json.loads(_text(path))
    except (OSError, ValueError, RecursionError):
        return {}
    return {str(k): str(v) for k, v in tree.items()} if isinstance(tree, dict) else {}


def _text(path: Path) -> str:
    """Return the content of a note; that of an object is not fetched every night."""
    text = recall(path, "note")
    if text is None:
        text = path.read_text(encoding="utf-8")
        remember(path, "note", text)
    return text
