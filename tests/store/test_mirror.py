"""The mirror of a bucket in memory: names that cannot be, new versions, placeholders."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from obstore.store import MemoryStore

from ae_pipeline.errors import FragmentReplacedError, SourceNotFoundError
from ae_pipeline.locations import SESSION_PREFIX, Location
from ae_pipeline.store.fetching.staging import Staging
from ae_pipeline.store.mirror import Mirror, empty, is_placeholder
from tests.support.checks import assert_one_line


@pytest.fixture
def mirror(tmp_path: Path) -> Mirror:
    """Of a bucket with three objects."""
    client = MemoryStore()
    for key, content in {"a/x": b"x" * 10, "a/y": b"", "ab/z": b"z"}.items():
        client.put(key, content)
    mirror = Mirror(client, tmp_path / f"{SESSION_PREFIX}0", Location("s3", "b", ""))
    mirror.refresh("a")
    return mirror


def test_lists_what_is_below_a_prefix(mirror: Mirror) -> None:
    """`ab/z` does not lie below `a`; a single object can be named, too."""
    assert set(mirror.entries) == {"a/x", "a/y"}
    mirror.refresh("ab/z")
    assert mirror.entries["ab/z"].size_bytes == 1


def test_listing_makes_no_files(mirror: Mirror) -> None:
    """A file appears when its status is asked for, as a placeholder of the object's size."""
    assert not os.path.lexists(mirror.path("a/x"))
    path = mirror.file_of("a/x")
    assert is_placeholder(path)
    assert os.path.getsize(path) == 10
    with pytest.raises(FileNotFoundError):
        mirror.file_of("a/none")


def test_content_comes_into_the_same_file(mirror: Mirror) -> None:
    """Fetching and emptying a file change neither its identity nor its times."""
    staging = Staging()
    path = mirror.file_of("a/x")
    before = os.stat(path)
    with staging.open(mirror, "a/x") as file:
        assert file.read() == b"x" * 10
    assert not is_placeholder(path)
    empty(path, mirror.entries["a/x"])
    after = os.stat(path)
    assert is_placeholder(path)
    assert (before.st_ino, before.st_size, before.st_mtime_ns) == (
        after.st_ino,
        after.st_size,
        after.st_mtime_ns,
    )
    with staging.open(mirror, "a/y") as file:
        assert file.read() == b""


def test_content_stays_while_anybody_reads_it(mirror: Mirror) -> None:
    """A file that this or another process has open is not emptied."""
    staging = Staging()
    with staging.open(mirror, "a/x") as file:
        assert not empty(mirror.path("a/x"), mirror.entries["a/x"])
        assert file.read() == b"x" * 10
    assert empty(mirror.path("a/x"), mirror.entries["a/x"])


def test_another_version_is_not_read(mirror: Mirror) -> None:
    """An object that was replaced since the listing is an error, until it is listed again."""
    mirror.client.put("a/x", b"y" * 10)
    staging = Staging()
    with pytest.raises(FragmentReplacedError):
        staging.open(mirror, "a/x")
    mirror.refresh("a")
    with staging.open(mirror, "a/x") as file:
        assert file.read() == b"y" * 10


def test_objects_that_are_gone_leave(mirror: Mirror) -> None:
    """With the last object of a folder, the folder is gone, too."""
    mirror.file_of("a/x")
    mirror.client.delete(["a/x", "a/y"])
    mirror.refresh("a")
    assert not mirror.entries
    assert not mirror.tree.is_folder("a")
    assert not os.path.lexists(mirror.path("a/x"))


def test_marks_of_folders_are_left_out(mirror: Mirror) -> None:
    """An empty object that has others below it is what consoles make of a folder."""
    mirror.client.put("a", b"")
    mirror.refresh("")
    assert set(mirror.entries) == {"a/x", "a/y", "ab/z"}


def test_keys_that_no_file_can_have_are_told(mirror: Mirror) -> None:
    """A name that is too long, and one that is both file and folder, end in one line."""
    mirror.client.put("c" * 300, b"x")
    with pytest.raises(SourceNotFoundError) as caught:
        mirror.refresh("")
    assert_one_line(caught.value, "s3://b/ccc", "255 bytes")
    mirror.client.delete("c" * 300)
    mirror.client.put("ab", b"x")
    with pytest.raises(SourceNotFoundError) as caught:
        mirror.refresh("")
    assert_one_line(caught.value, "a file and a folder")
