"""The folders that keys with slashes make: which names lie in which."""

from __future__ import annotations

import sys
from collections.abc import Iterator


class Tree:
    """Names of files and folders below a root, whose own name is empty."""

    def __init__(self) -> None:
        #: Names in each folder, in the order in which they came; True for a folder.
        self._folders: dict[str, dict[str, bool]] = {"": {}}

    def add(self, key: str) -> bool:
        """Add a file and the folders above it; False if a name is a file and a folder."""
        folder, _, name = key.rpartition("/")
        if key in self._folders or not self._add_folder(folder):
            return False
        self._folders[folder][sys.intern(name)] = False  # paths and facts share the text
        return True

    def _add_folder(self, folder: str) -> bool:
        if folder in self._folders:
            return True
        above, _, name = folder.rpartition("/")
        if not self._add_folder(above) or self._folders[above].get(name) is False:
            return False
        self._folders[above][name] = True
        self._folders[folder] = {}
        return True

    def remove(self, key: str) -> None:
        """Remove a file, and the folders that this leaves empty."""
        while key:
            folder, _, name = key.rpartition("/")
            self._folders[folder].pop(name, None)
            if self._folders[folder] or not folder:
                return
            del self._folders[folder]
            key = folder

    def is_folder(self, key: str) -> bool:
        """Whether this is a folder with something in it."""
        return bool(self._folders.get(key))

    def names(self, folder: str) -> dict[str, bool]:
        """Return the names in a folder; True for those of folders."""
        return dict(self._folders.get(folder, {}))

    def walk(self, folder: str) -> Iterator[tuple[str, list[str], list[str]]]:
        """Yield each folder at or below one, with the names of folders and of files in it.

        As with `os.walk`, a folder that the caller removes from the list is not entered.
        """
        if folder not in self._folders:
            return
        names = self._folders[folder]
        folders = [name for name, is_folder in names.items() if is_folder]
        yield folder, folders, [name for name, is_folder in names.items() if not is_folder]
        for name in folders:
            yield from self.walk(f"{folder}/{name}" if folder else name)
