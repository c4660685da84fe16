"""Folders as objects: put a tree into a container, and read one back."""

from __future__ import annotations

from pathlib import Path

from tests.support.object_servers.clients import open_store
from tests.support.object_servers.server import ObjectServer


def put_tree(server: ObjectServer, folder: Path, prefix: str) -> str:
    """Put every file of a folder below a prefix; return the URI of the prefix."""
    store = open_store(server)
    for path in folder.rglob("*"):
        if path.is_file():
            store.put(f"{prefix}/{path.relative_to(folder).as_posix()}", path.read_bytes())
    return f"{server.uri}/{prefix}"


def read_tree(server: ObjectServer, prefix: str) -> dict[str, bytes]:
    """All objects below a prefix, by what their keys add to it."""
    store = open_store(server)
    keys = [meta["path"] for page in store.list(prefix) for meta in page]
    return {key.removeprefix(f"{prefix}/"): bytes(store.get(key).bytes()) for key in keys}


def read_folder(folder: Path) -> dict[str, bytes]:
    """All files of a folder, by their relative paths."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}
