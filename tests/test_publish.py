"""Files that are whole or absent, whatever goes wrong."""

from __future__ import annotations

import os
import re
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ae_pipeline.config.job import DecodeJob, EncodeJob
from ae_pipeline.errors import (
    DestinationError,
    DiskFullError,
    SourceNotFoundError,
    UnwritableDestinationError,
)
from ae_pipeline.publish import destination_errors, publish_bytes, publishing
from ae_pipeline.verbs import decode, encode
from tests.conftest import Mount
from tests.support.checks import assert_one_line
from tests.support.datasets import mixed_table, write_tree


def names_in(folder: Path) -> list[str]:
    """Names of everything in a folder, hidden files included."""
    return sorted(os.listdir(folder))


def test_file_appears_when_it_is_whole(tmp_path: Path) -> None:
    """Until the block ends there is only a hidden temporary file; then there is only the file."""
    path = tmp_path / "deep" / "er" / "part-0.parquet"
    with publishing(path) as temporary:
        temporary.write_bytes(b"half")
        assert not path.exists()
        assert temporary.parent == path.parent
        assert temporary.name.startswith(".")
        temporary.write_bytes(b"whole")
    assert path.read_bytes() == b"whole"
    assert names_in(path.parent) == [path.name]


@pytest.mark.parametrize("content", [b"", b"\0" * 100_000])
def test_publish_bytes(tmp_path: Path, content: bytes) -> None:
    """Bytes arrive as they are, and replace what was there."""
    path = tmp_path / "file"
    publish_bytes(path, b"old")
    publish_bytes(path, content)
    assert path.read_bytes() == content
    assert names_in(tmp_path) == ["file"]


@pytest.mark.parametrize("fault", [KeyError("bug"), KeyboardInterrupt(), OSError("no errno")])
@pytest.mark.parametrize("previous", [None, b"previous"])
def test_failure_leaves_what_was_there(
    tmp_path: Path, fault: BaseException, previous: bytes | None
) -> None:
    """An exception passes through, leaves no temporary file and the previous content untouched."""
    path = tmp_path / "file"
    if previous is not None:
        path.write_bytes(previous)

    def write_half() -> None:
        with publishing(path) as temporary:
            temporary.write_bytes(b"half")
            raise fault

    with pytest.raises(type(fault)) as caught:
        write_half()
    assert caught.value is fault
    assert names_in(tmp_path) == ([] if previous is None else ["file"])
    assert previous is None or path.read_bytes() == previous


def test_failure_before_the_first_byte(tmp_path: Path) -> None:
    """An exception before anything was written leaves nothing either."""
    with pytest.raises(KeyError), publishing(tmp_path / "file"):
        raise KeyError
    assert names_in(tmp_path) == []


def test_reader_keeps_what_it_opened(tmp_path: Path) -> None:
    """Who has the previous file open goes on reading it whole: it is replaced, not rewritten."""
    path = tmp_path / "file"
    publish_bytes(path, b"previous")
    with path.open("rb") as reader:
        publish_bytes(path, b"new")
        assert reader.read() == b"previous"
    assert path.read_bytes() == b"new"


def test_two_writers_do_not_meet(tmp_path: Path) -> None:
    """Two writers of one file have temporary files of their own; the last one to finish wins."""
    path = tmp_path / "file"
    with publishing(path) as first:
        first.write_bytes(b"first")
        publish_bytes(path, b"second")
        assert path.read_bytes() == b"second"
    assert path.read_bytes() == b"first"
    assert names_in(tmp_path) == ["file"]


def test_full_disk(mount_disk: Mount) -> None:
    """A full disk is named as such, keeps the previous file and holds nothing of the new one."""
    disk = mount_disk("size=64k")
    path = disk / "file"
    publish_bytes(path, b"previous")
    with pytest.raises(DiskFullError) as caught:
        publish_bytes(path, b"x" * 100_000)
    assert_one_line(caught.value, "disk full", str(path), "free some space")
    assert path.read_bytes() == b"previous"
    assert names_in(disk) == ["file"]


def test_full_disk_under_parquet(mount_disk: Mount) -> None:
    """A full disk is recognised through pyarrow's writer, too."""
    disk = mount_disk("size=64k")
    noise = pa.table({"x": np.random.default_rng(0).normal(size=50_000)})
    with pytest.raises(DiskFullError), publishing(disk / "file") as temporary:
        pq.write_table(noise, temporary)
    assert names_in(disk) == []


@pytest.mark.parametrize("folder", ["", "new"])
def test_read_only_disk(mount_disk: Mount, folder: str) -> None:
    """A read-only disk is named as unwritable, whether or not the folder is there already."""
    path = mount_disk("ro,size=64k") / folder / "file"
    with pytest.raises(UnwritableDestinationError) as caught:
        publish_bytes(path, b"x")
    assert_one_line(caught.value, "cannot write", str(path), "Read-only", "choose a folder")


@pytest.mark.parametrize("below", ["file", "folder/file"])
def test_parent_is_a_file(tmp_path: Path, below: str) -> None:
    """A path below a regular file cannot be written, and the file stays."""
    (tmp_path / "regular").write_bytes(b"x")
    path = tmp_path / "regular" / below
    with pytest.raises(UnwritableDestinationError) as caught:
        publish_bytes(path, b"y")
    assert_one_line(caught.value, str(path))
    assert (tmp_path / "regular").read_bytes() == b"x"
    assert names_in(tmp_path) == ["regular"]


def test_path_is_a_folder(tmp_path: Path) -> None:
    """A folder is not replaced by a file, and what it holds stays."""
    folder = tmp_path / "folder"
    publish_bytes(folder / "inside", b"x")
    with pytest.raises(UnwritableDestinationError, match="directory"):
        publish_bytes(folder, b"y")
    assert names_in(tmp_path) == ["folder"]
    assert names_in(folder) == ["inside"]


def test_name_too_long(tmp_path: Path) -> None:
    """A name that the file system cannot hold is named as unwritable."""
    with pytest.raises(UnwritableDestinationError, match="too long"):
        publish_bytes(tmp_path / ("x" * 300), b"y")


def test_folder_vanishes_while_writing(tmp_path: Path) -> None:
    """A destination that is removed under our hands is named as unwritable."""
    folder = tmp_path / "folder"
    with pytest.raises(UnwritableDestinationError), publishing(folder / "file"):
        folder.rmdir()


def test_errors_name_the_file_itself(tmp_path: Path) -> None:
    """A refusal while the file is written names that file, not the temporary one."""
    path = tmp_path / "part-0.parquet"

    def write_where_a_folder_is() -> None:
        with publishing(path) as temporary:
            temporary.mkdir()
            try:
                temporary.write_bytes(b"content")
            finally:
                temporary.rmdir()

    with pytest.raises(UnwritableDestinationError) as caught:
        write_where_a_folder_is()
    assert caught.value.where == str(path)


def test_one_sync_and_one_rename_per_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Encode and decode sync each fragment once, rename it once, and sync its folder once."""
    source = write_tree(tmp_path / "source", {"day=1/part-0.parquet": mixed_table(0, 40)})
    archive, decoded = tmp_path / "archive", tmp_path / "decoded"
    steps = record_steps(monkeypatch)
    encode(EncodeJob(source=str(source), archive=str(archive), planner={"learn": "never"}))
    decode(DecodeJob(archive=str(archive), decoded=str(decoded)))
    for root in (archive, decoded):
        folder = root / "day=1"
        assert [step for step in steps if str(folder) in step] == [
            f"fsync {folder}/.part-0.parquet.*.tmp",
            f"rename {folder}/part-0.parquet",
            f"fsync {folder}",
        ]


def record_steps(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every sync and rename from now on, in order; the random part of temporary names is `*`."""
    steps: list[str] = []
    fsync, replace = os.fsync, os.replace

    def sync(descriptor: int) -> None:
        path = os.readlink(f"/proc/self/fd/{descriptor}")
        steps.append("fsync " + re.sub(r"[0-9a-f]{8}\.tmp$", "*.tmp", path))
        fsync(descriptor)

    def rename(path: Path, target: Path) -> None:
        steps.append(f"rename {target}")
        replace(path, target)

    monkeypatch.setattr(os, "fsync", sync)
    monkeypatch.setattr(os, "replace", rename)
    monkeypatch.setattr(os, "rename", rename)
    return steps


def test_other_faults_pass() -> None:
    """Faults that are not the destination's keep their own type: retries depend on it."""
    with pytest.raises(TimeoutError), destination_errors(Path("out")):
        raise TimeoutError(110, "timed out")
    for ours in (SourceNotFoundError("gone"), DestinationError("already named")):
        with pytest.raises(type(ours)) as caught, destination_errors(Path("out")):
            raise ours
        assert caught.value is ours
