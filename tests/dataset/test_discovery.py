"""Finding the fragments of a dataset: their order, what is skipped, links."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ae_pipeline.dataset import Fragment, discover, fingerprint
from ae_pipeline.errors import EmptySourceError, SourceNotFoundError
from tests.support.checks import assert_one_line

#: Files of six partitions, as they must be found.
ORDERED = tuple(
    f"{name}.pq" for name in ("a2", "a10", "b/1", "b/02", "b/10", "b2/1", "b10/1", "b/c/3", "é/1")
)


def touch(root: Path, *names: str) -> Path:
    """Files of one byte: discovery opens none of them."""
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    return root


def found(root: Path) -> list[str]:
    """Relative paths of the fragments, in order."""
    return [fragment.relative for fragment in discover(root).fragments]


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which examples of one property may overwrite one file."""
    return tmp_path_factory.mktemp("workshop")


def test_numbers_are_ordered_as_numbers(tmp_path: Path) -> None:
    """part-2 comes before part-10 and day=9 before day=10, each partition in one stretch."""
    names = [
        "part-1.parquet",
        "part-2.parquet",
        "part-10.parquet",
        "day=9/part-2.parquet",
        "day=9/part-10.parquet",
        "day=10/part-1.parquet",
        "day=10/hour=1/part-1.parquet",
        "month=01/part-1.parquet",
        "month=1/part-1.parquet",
    ]
    touch(tmp_path, *reversed(names))
    order = found(tmp_path)
    assert order.index("day=9/part-10.parquet") < order.index("day=10/part-1.parquet")
    assert [name for name in order if name.startswith("day=9")] == names[3:5]
    assert [name for name in order if "/" not in name] == names[:3]
    assert sorted(order) == sorted(names)


@given(st.permutations(ORDERED))
def test_order_does_not_depend_on_creation(workshop: Path, names: list[str]) -> None:
    """The order of fragments is a matter of names, and a partition is never interrupted."""
    with tempfile.TemporaryDirectory(dir=workshop) as folder:
        assert tuple(found(touch(Path(folder), *names))) == ORDERED


def test_partition_of_a_fragment(tmp_path: Path) -> None:
    """A fragment's partition is the folders between root and file."""
    touch(tmp_path, "year=2013/month=05/a.parquet", "b.parquet")
    partitions = {item.relative: item.partition for item in discover(tmp_path).fragments}
    assert partitions == {"year=2013/month=05/a.parquet": "year=2013/month=05", "b.parquet": "."}


def test_hidden_names_are_skipped(tmp_path: Path) -> None:
    """Names that start with a dot or an underscore are no data, files and whole folders alike."""
    hidden = ["_SUCCESS", ".a.parquet", "_b.parquet", "_ae/c.parquet", ".tmp/day=1/d.parquet"]
    touch(tmp_path, "a.parquet", "day=1/_c.parquet", *hidden)
    assert found(tmp_path) == ["a.parquet"]
    assert discover(tmp_path).ignored_line == (
        "6 files and folders ignored: .a.parquet (hidden), .tmp/ (hidden), _SUCCESS (hidden), "
        "_ae/ (hidden), _b.parquet (hidden), day=1/_c.parquet (hidden)"
    )


def test_hidden_root_is_no_obstacle(tmp_path: Path) -> None:
    """Only names below the root decide; the root itself may be called anything."""
    assert found(touch(tmp_path / "_private", "a.parquet")) == ["a.parquet"]


def test_other_files_are_told(tmp_path: Path) -> None:
    """Files that are not Parquet are left alone, counted and named with the reason."""
    names = ["a.parquet", "b.PQ", "c.parq", "readme.md", "data.csv", "x/notes", "d.parquet.gz"]
    source = discover(touch(tmp_path, *names))
    assert [item.relative for item in source.fragments] == ["a.parquet", "b.PQ", "c.parq"]
    assert source.n_ignored == 4
    assert source.size_bytes == 3
    assert source.ignored_line == (
        "4 files ignored: d.parquet.gz (not Parquet: no PAR1), data.csv (not Parquet: no PAR1), "
        "readme.md (not Parquet: no PAR1), x/notes (not Parquet: no PAR1)"
    )


def test_single_file(tmp_path: Path) -> None:
    """One file is a dataset of one fragment, whatever its name and its neighbours."""
    touch(tmp_path, "table.data", "other.parquet")
    source = discover(str(tmp_path / "table.data"))
    assert (source.root, source.is_single_file, source.n_ignored) == (tmp_path, True, 0)
    assert source.fragments == (Fragment(tmp_path / "table.data", "table.data", 1),)


@pytest.mark.parametrize("name", ["missing", "file/below", "x" * 5000, "nul\0l"])
def test_nothing_there(tmp_path: Path, name: str) -> None:
    """A path to nothing, or that cannot be, is refused and named."""
    touch(tmp_path, "file")
    with pytest.raises(SourceNotFoundError) as caught:
        discover(tmp_path / name)
    assert_one_line(caught.value, "no such file or folder", str(tmp_path), "check the path")


@pytest.mark.parametrize(
    ("names", "got"),
    [
        ([], "an empty folder"),
        (["a.csv", "b"], "2 files: a.csv (not Parquet: no PAR1), b (not Parquet: no PAR1)"),
        (["_a.parquet"], "1 file: _a.parquet (hidden)"),
    ],
)
def test_no_parquet(tmp_path: Path, names: list[str], got: str) -> None:
    """A folder without Parquet files is refused with what it holds instead."""
    with pytest.raises(EmptySourceError) as caught:
        discover(touch(tmp_path, *names))
    assert_one_line(caught.value, str(tmp_path), ".parquet", got)


def test_links_are_followed_but_not_in_circles(tmp_path: Path) -> None:
    """A linked folder is part of the dataset; a link back to a folder above is read once."""
    root = touch(tmp_path / "root", "a.parquet")
    touch(tmp_path / "elsewhere", "b.parquet")
    (root / "linked").symlink_to(tmp_path / "elsewhere")
    (root / "circle").symlink_to(root)
    (root / "above").symlink_to(tmp_path)
    assert found(root) == ["a.parquet", "linked/b.parquet"]


def test_folders_that_link_to_each_other(tmp_path: Path) -> None:
    """Each file is found once, where it lies."""
    touch(tmp_path, "day=1/a.parquet", "day=2/b.parquet", "day=2/more/c.parquet")
    for name, target in (
        ("day=1/next", "day=2"),
        ("day=2/more/last", "day=1"),
        ("day=2/self", "day=2"),
        ("again", "day=2/more"),
    ):
        (tmp_path / name).symlink_to(tmp_path / target)
    assert found(tmp_path) == ["day=1/a.parquet", "day=2/b.parquet", "day=2/more/c.parquet"]


def test_linked_folders_that_link_to_each_other(tmp_path: Path) -> None:
    """A circle of links outside of the root is read once, at the first name that leads there."""
    touch(tmp_path, "root/a.parquet", "one/b.parquet", "two/c.parquet", "two/deep/d.parquet")
    for name, target in (
        ("root/x", "two/deep"),
        ("root/y", "one"),
        ("one/two", "two"),
        ("two/one", "one"),
        ("two/deep/root", "root"),
    ):
        (tmp_path / name).symlink_to(tmp_path / target)
    names = ["a.parquet", "x/d.parquet", "y/b.parquet", "y/two/c.parquet"]
    assert found(tmp_path / "root") == names


@pytest.mark.parametrize("holds_itself", [False, True])
def test_root_that_is_a_link(tmp_path: Path, holds_itself: bool) -> None:
    """A root may be a link, even one that lies in the folder it leads to."""
    home = touch(tmp_path / "home", "day=1/a.parquet")
    root = home / "link" if holds_itself else tmp_path / "link"
    root.symlink_to(home)
    assert found(root) == ["day=1/a.parquet"]


def test_links_to_hidden_folders(tmp_path: Path) -> None:
    """A partition that is a link to a hidden folder is part of the dataset."""
    touch(tmp_path, "_staging/one/a.parquet")
    (tmp_path / "day=1").symlink_to(tmp_path / "_staging" / "one")
    assert found(tmp_path) == ["day=1/a.parquet"]


def test_ignored_link_is_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Whoever meant a link to count twice is told that it does not."""
    touch(tmp_path, "day=1/a.parquet")
    (tmp_path / "day=2").symlink_to(tmp_path / "day=1")
    assert found(tmp_path) == ["day=1/a.parquet"]
    assert "day=2" in caplog.text


@pytest.mark.parametrize("name", ["b.parquet", "b", "b=1", "b.snappy.parquet", "b.parquet.gz"])
@pytest.mark.parametrize("target", ["gone", "b.parquet"], ids=["nowhere", "itself"])
def test_broken_link(tmp_path: Path, name: str, target: str) -> None:
    """A link to nothing is a fragment, which fails when it is read: its rows would be lost."""
    touch(tmp_path, "a.parquet")
    (tmp_path / name).symlink_to(tmp_path / (name if target != "gone" else target))
    good, broken = discover(tmp_path).fragments
    assert (good.relative, broken) == ("a.parquet", Fragment(tmp_path / name, name, 0))
    with pytest.raises((SourceNotFoundError, OSError)):
        fingerprint(broken)


def test_broken_link_of_another_kind(tmp_path: Path) -> None:
    """A link to nothing whose name says that it is something else is ignored, and told."""
    touch(tmp_path, "a.parquet")
    (tmp_path / "notes.txt").symlink_to(tmp_path / "gone")
    assert discover(tmp_path).ignored == ("notes.txt (link to nothing)",)


def test_pipe_is_no_fragment(tmp_path: Path) -> None:
    """What is no regular file is not opened: a pipe would make us wait."""
    touch(tmp_path, "a.parquet")
    os.mkfifo(tmp_path / "b.parquet")
    os.mkfifo(tmp_path / "c")
    assert discover(tmp_path).ignored == (
        "b.parquet (not a regular file)",
        "c (not a regular file)",
    )


@pytest.mark.parametrize("name", ["part-5.parquet", "part-5", "day=5"])
def test_names_that_vanish_while_they_are_listed(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file or folder that is gone when it is looked at is left out; the others are found."""
    touch(tmp_path, *(f"part-{number}.parquet" for number in range(9)))
    if "=" in name:
        touch(tmp_path / name, "part-0.parquet")
    elif not (tmp_path / name).exists():
        touch(tmp_path, name)
    walk = os.walk

    def listed_first(*arguments: Any, **options: Any) -> Iterator[Any]:
        """List as ever; another program removes a name right afterwards."""
        listing = walk(*arguments, **options)
        first = next(listing)
        path = tmp_path / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()
        yield first
        yield from listing

    monkeypatch.setattr(os, "walk", listed_first)
    expected = [f"part-{number}.parquet" for number in range(9)]
    assert found(tmp_path) == [one for one in expected if one != name]


def test_name_that_is_no_text(tmp_path: Path) -> None:
    """A file name that is no UTF-8 is refused in a message that can be printed."""
    with open(os.fsencode(tmp_path) + b"/\xff.parquet", "wb"):
        pass
    with pytest.raises(SourceNotFoundError) as caught:
        discover(tmp_path)
    str(caught.value).encode()
