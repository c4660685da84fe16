"""Folders for mirrors on this machine: one per session, and none left of sessions that are gone."""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
import tempfile
from pathlib import Path

from ae_pipeline.errors import DiskFullError
from ae_pipeline.locations import SESSION_PREFIX

_LOCK_FILE = ".lock"
#: Free bytes that staging leaves to others on the disk.
_SPARED_BYTES = 1 << 28


class Scratch:
    """The folder of one session. A lock tells others that it is in use; a kill lets go of it.

    Args:
        folder: that exists and is locked.
        lock: descriptor of its lock; None if another process has it.
    """

    def __init__(self, folder: Path, lock: int | None) -> None:
        self.folder, self._lock = folder, lock

    @classmethod
    def make(cls, parent: str | None) -> Scratch:
        """Make a folder in a parent, or in the system's temporary folder."""
        root = Path(parent or tempfile.gettempdir()).absolute()
        root.mkdir(parents=True, exist_ok=True)
        _remove_abandoned(root)
        name = f"{SESSION_PREFIX}{secrets.token_hex(8)}"
        made = root / f".{name}"  # unseen by others until it is locked
        made.mkdir(mode=0o700)
        lock = _locked(made)
        return cls(made.rename(root / name), lock)

    @classmethod
    def join(cls, folder: Path) -> Scratch:
        """Use the folder of a session that another process, perhaps on another machine, has."""
        if not folder.exists():  # another machine, on which nobody makes sessions
            folder.parent.mkdir(parents=True, exist_ok=True)
            _remove_abandoned(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)
        return cls(folder, _locked(folder))

    def remove(self) -> None:
        """Delete the folder with everything in it."""
        shutil.rmtree(self.folder, ignore_errors=True)
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def require_space(folder: Path, n_bytes: int) -> None:
    """Raise `DiskFullError` unless so many bytes can be staged in a folder."""
    free = shutil.disk_usage(folder).free
    if free < n_bytes + _SPARED_BYTES:
        raise DiskFullError(
            "no space to stage an object",
            where=str(folder.parent),
            expected=f"{n_bytes + _SPARED_BYTES:,} bytes free",
            got=f"{free:,} bytes",
            remedy="free some, or set execution.scratch to a folder on a larger disk",
        )


def _remove_abandoned(root: Path) -> None:
    """Remove the folders of sessions that were killed."""
    for folder in root.glob(f"{SESSION_PREFIX}*"):
        lock = _locked(folder)
        if lock is not None:
            shutil.rmtree(folder, ignore_errors=True)
            os.close(lock)


def _locked(folder: Path) -> int | None:
    """Lock a folder; None if somebody else has, or may not be asked."""
    try:
        lock = os.open(folder / _LOCK_FILE, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError:
        return None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(lock)
        return None
    return lock
