"""The folders that keys make: what a file system would show of the same names."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ae_pipeline.store.tree import Tree

KEYS = st.lists(
    st.lists(st.sampled_from("abc"), min_size=1, max_size=4).map("/".join), max_size=12, unique=True
)


@given(keys=KEYS, data=st.data())
def test_folders_are_those_of_a_file_system(
    tmp_path_factory: pytest.TempPathFactory, keys: list[str], data: st.DataObject
) -> None:
    """Files that are added and removed leave the folders that a disk would have."""
    root, tree = tmp_path_factory.mktemp("tree"), Tree()
    added = [key for key in keys if tree.add(key)]
    gone = data.draw(st.lists(st.sampled_from(added), unique=True)) if added else []
    for key in gone:
        tree.remove(key)
    for key in set(added) - set(gone):
        (root / key).parent.mkdir(parents=True, exist_ok=True)
        (root / key).touch()
    found = {(folder, *map(frozenset, names)) for folder, *names in tree.walk("")}
    expected = {
        (_inside(folder, root), frozenset(folders), frozenset(files))
        for folder, folders, files in os.walk(root)
    }
    assert found == expected
    assert all(tree.is_folder(folder) for folder, *_ in found if folder)


def _inside(folder: str, root: Path) -> str:
    relative = Path(folder).relative_to(root).as_posix()
    return "" if relative == "." else relative


def test_a_name_is_a_file_or_a_folder() -> None:
    """A key below a file, or one that is a folder, is not added."""
    tree = Tree()
    assert tree.add("a/b")
    assert not tree.add("a")
    assert not tree.add("a/b/c")
    assert tree.names("a") == {"b": False}


def test_folders_can_be_left_out() -> None:
    """As with `os.walk`, a folder that is taken out of the list is not entered."""
    tree = Tree()
    for key in ("a/x", "b/y"):
        tree.add(key)
    seen = []
    for folder, folders, _ in tree.walk(""):
        seen.append(folder)
        folders[:] = [name for name in folders if name != "a"]
    assert seen == ["", "b"]
