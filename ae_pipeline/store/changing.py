"""Change what paths name in object stores; on paths of files these do nothing."""

from __future__ import annotations

import os
from pathlib import Path

from ae_pipeline.store.changes import copy as copy_object
from ae_pipeline.store.changes import delete as delete_object
from ae_pipeline.store.changes import move as move_object
from ae_pipeline.store.changes import put
from ae_pipeline.store.mirror import CONTENT, empty
from ae_pipeline.store.paths import ObjectPath
from ae_pipeline.store.session import current

#: The folder of what is not data, such as codecs: they are checked by their hashes.
_PRIVATE = "_ae"


def publish(path: Path, finished: Path, *, unless_changed: bool) -> None:
    """Publish a finished file of the mirror under the name of another; errors as `put`."""
    session = current()
    mirror, key = session.find(os.fspath(path))
    put(mirror, key, os.fspath(finished), unless_changed=unless_changed)
    entry = mirror.entries[key]
    os.replace(finished, path)
    os.chmod(path, CONTENT)
    session.staging.drop(mirror.path(key))
    if _PRIVATE not in key.split("/"):  # whoever reads it back reads what the store has
        empty(mirror.path(key), entry)
    session.changed(mirror.uri(key), entry)


def delete(path: Path) -> None:
    """Delete an object; `StoreError` if it cannot be deleted."""
    if isinstance(path, ObjectPath):
        mirror, key = current().find(os.fspath(path))
        if key in mirror.entries:
            delete_object(mirror, key)
        note_deleted(path)


def note_deleted(path: Path) -> None:
    """Take an object out of the listing: it is gone."""
    session = current()
    mirror, key = session.find(os.fspath(path))
    mirror.forget(key)
    session.staging.drop(mirror.path(key))
    session.changed(mirror.uri(key), None)


def look_again(path: Path) -> None:
    """Take up what others have made of an object since it was listed; errors as `faults`."""
    if isinstance(path, ObjectPath):
        session = current()
        mirror, key = session.find(os.fspath(path))
        if not mirror.look(key):
            note_deleted(path)
        else:
            session.changed(mirror.uri(key), mirror.entries[key])


def delete_tree(folder: Path) -> None:
    """Delete every object below a prefix; `StoreError` if one cannot be deleted."""
    if isinstance(folder, ObjectPath):
        mirror, prefix = current().find(os.fspath(folder))
        for key in [key for key in mirror.entries if key.startswith(f"{prefix}/")]:
            delete(type(folder)(mirror.path(key)))


def copy(path: Path, target: Path) -> None:
    """Give an object a second name; errors as `copy_object`."""
    if isinstance(path, ObjectPath):
        session = current()
        mirror, key = session.find(os.fspath(path))
        _, new_key = session.find(os.fspath(target))
        copy_object(mirror, key, new_key)
        session.changed(mirror.uri(new_key), mirror.entries[new_key])


def move(path: Path, target: Path) -> None:
    """Give an object the name of another; errors as `move_object`."""
    if isinstance(path, ObjectPath):
        session = current()
        mirror, key = session.find(os.fspath(path))
        _, new_key = session.find(os.fspath(target))
        move_object(mirror, key, new_key)
        note_deleted(path)
        session.changed(mirror.uri(new_key), mirror.entries[new_key])
