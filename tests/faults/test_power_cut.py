"""A power cut, for real: the disk as it is while a command runs, and when it has just ended.

The disk is an ext4 image. A copy of it is what a machine finds that lost its power: whatever the
kernel still holds is not in it. Commits of its own come every ten minutes, so nothing is there that
was not synced.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
from pathlib import Path

import pytest

from ae_pipeline.config.job import DecodeJob, VerifyJob
from ae_pipeline.storage import read_notes
from ae_pipeline.verbs import decode, verify
from tests.support.block_devices import MountImage, make_image
from tests.support.processes import Running, many_fragments, published, run

pytestmark = pytest.mark.heavy

N_FRAGMENTS = 12
_NEVER = ("--set", "planner.learn=never")
_MOUNT = "loop,commit=600"


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """An empty ext4."""
    return make_image(tmp_path / "disk.img", "64M", "mkfs.ext4", "-q")


@pytest.fixture
def disk(image: Path, mount_image: MountImage) -> Path:
    """It is mounted here."""
    return mount_image(image, _MOUNT)


def cut(image: Path, mount_image: MountImage, number: int = 0) -> Path:
    """What is on the disk once the power is back."""
    copy = image.with_name(f"after-{number}.img")
    shutil.copyfile(image, copy)
    return mount_image(copy, _MOUNT)


def sources(root: Path) -> Path:
    """Fragments in some partitions; returns `root`."""
    many_fragments(root, N_FRAGMENTS)
    for number, path in enumerate(sorted(root.glob("*.parquet"))):
        folder = root / f"day={number % 3}"
        folder.mkdir(exist_ok=True)
        path.rename(folder / path.name)
    return root


def test_encode_and_decode_have_written_what_they_say(
    tmp_path: Path, image: Path, disk: Path, mount_image: MountImage
) -> None:
    """When a command has returned, all its files are there after a power cut, and whole."""
    source = sources(tmp_path / "source")
    run("encode", source, disk / "new" / "archive", *_NEVER)
    run("decode", disk / "new" / "archive", disk / "decoded")
    after = cut(image, mount_image)
    report = verify(VerifyJob(archive=str(after / "new" / "archive"), source=str(source)))
    assert (len(report.fragments), report.failures) == (N_FRAGMENTS, ())
    for path in published(disk / "decoded"):
        there = after / path.relative_to(disk)
        assert there.read_bytes() == path.read_bytes()


@pytest.mark.parametrize("word", ["encoded", "retired"])
def test_whatever_was_told_of_is_there(
    word: str, tmp_path: Path, image: Path, disk: Path, mount_image: MountImage
) -> None:
    """At any moment of a night no source is gone whose archive file is not there and whole."""
    originals = sources(tmp_path / "originals")
    source, archive = Path(shutil.copytree(originals, disk / "source")), disk / "archive"
    os.sync()
    command = ("compress", source, archive, "--delete-source", "after_verify", "-v", *_NEVER)
    with Running(*command) as running:
        for number, n_told in enumerate((1, N_FRAGMENTS // 2, N_FRAGMENTS)):
            running.wait_until(lambda n_told=n_told: len(told(running.output, word)) >= n_told)
            running.send(signal.SIGSTOP)
            running.wait_until(lambda: stands_still(running.process.pid))
            names = told(running.output, "encoded"), told(running.output, "retired")
            assert_nothing_lost(cut(image, mount_image, number), originals, *names)
            running.send(signal.SIGCONT)
        assert running.end() == 0, running.output
        after = cut(image, mount_image, 9)
        encoded = told(running.output, "encoded")
    assert published(after / "source") == []
    assert_nothing_lost(after, originals, encoded, encoded)
    assert len(read_notes(after / "archive", "retired")) == N_FRAGMENTS


def stands_still(process: int) -> bool:
    """Whether all its threads are stopped."""
    threads = Path(f"/proc/{process}/task").glob("*/stat")
    return all(thread.read_text().rpartition(")")[2].split()[0] == "T" for thread in threads)


def told(output: str, word: str) -> list[str]:
    """Fragments that the log says something of, line by line."""
    return re.findall(rf"{word} (\S+\.parquet):", output)


def assert_nothing_lost(
    after: Path, originals: Path, encoded: list[str], retired: list[str]
) -> None:
    """All that was told of is there; what the source has not the archive has as promised."""
    source, archive = after / "source", after / "archive"
    assert set(encoded) <= {path.relative_to(archive).as_posix() for path in published(archive)}
    for relative in retired:
        assert not (source / relative).exists()
    gone = [
        path for path in published(originals) if not (source / path.relative_to(originals)).exists()
    ]
    report = verify(VerifyJob(archive=str(archive), source=str(originals)))
    held = {one.relative for one in report.fragments}
    assert {path.relative_to(originals).as_posix() for path in gone} <= held
    assert all("not in the archive" in one.message for one in report.failures)
    decode(DecodeJob(archive=str(archive), decoded=str(after.parent / f"out-{after.name}")))
