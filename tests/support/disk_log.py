"""What a power cut would take back: changes to a file system that have not been synced yet."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ae_pipeline.hidden_names import is_temporary

_State = tuple[int, int, int, int]


class DiskLog:
    """Watches the calls that change names, and those that make them last, while they go through.

    Args:
        monkeypatch: to put itself around the functions of `os`.
        must_last: told of each name that is about to go; nothing below what it returns may be
            unsynced then.
    """

    def __init__(
        self,
        monkeypatch: pytest.MonkeyPatch,
        must_last: Callable[[Path], Path | None] = lambda path: None,
    ) -> None:
        self._must_last = must_last
        self._synced: set[_State] = set()
        #: Folders whose names have changed since they were synced, by device and inode.
        self.unsynced: dict[tuple[int, int], Path] = {}
        #: Files that got their names before their content was synced.
        self.hollow: list[Path] = []
        self.n_removed = 0
        for name, record in {
            "fsync": self._fsync,
            "mkdir": self._mkdir,
            "rename": self._rename,
            "replace": self._rename,
            "unlink": self._unlink,
        }.items():
            monkeypatch.setattr(os, name, self._around(getattr(os, name), record))

    @staticmethod
    def _around(call: Callable[..., Any], record: Callable[..., None]) -> Callable[..., Any]:
        def called(*args: Any, **kwargs: Any) -> Any:
            record(call, *args, **kwargs)

        return called

    def _fsync(self, call: Callable[..., None], descriptor: int) -> None:
        call(descriptor)
        status = os.fstat(descriptor)
        if stat.S_ISDIR(status.st_mode):
            self.unsynced.pop((status.st_dev, status.st_ino), None)
        else:
            self._synced.add(_state(status))

    def _mkdir(self, call: Callable[..., None], path: Any, *args: Any, **kwargs: Any) -> None:
        call(path, *args, **kwargs)
        self._changed(Path(path).parent)

    def _rename(self, call: Callable[..., None], path: Any, target: Any) -> None:
        if not is_temporary(Path(path).name):
            self._check_order(Path(path))
        call(path, target)
        if not is_temporary(Path(target).name):
            self._changed(Path(target).parent)
            if is_temporary(Path(path).name) and _state(os.stat(target)) not in self._synced:
                self.hollow.append(Path(target))

    def _unlink(self, call: Callable[..., None], path: Any, *args: Any, **kwargs: Any) -> None:
        if os.path.lexists(path) and not is_temporary(Path(path).name):
            self._check_order(Path(path))
            self.n_removed += 1
            self._changed(Path(path).parent)
        call(path, *args, **kwargs)

    def _check_order(self, path: Path) -> None:
        root = self._must_last(path)
        late = (
            [] if root is None else [one for one in self.unsynced.values() if root in one.parents]
        )
        assert late == [], f"{path} goes before these are safe"

    def _changed(self, folder: Path) -> None:
        status = os.stat(folder)
        self.unsynced[status.st_dev, status.st_ino] = folder


def _state(status: os.stat_result) -> _State:
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns
