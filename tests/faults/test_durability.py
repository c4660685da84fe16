"""What a verb has reported is safe from a power cut: the order of the calls that see to it."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from ae_pipeline.codec.archive import save_archive_codec
from ae_pipeline.config.job import CompressJob, DecodeJob, EncodeJob
from ae_pipeline.publish import make_durable, make_folders, publish_bytes, remove, rename
from ae_pipeline.verbs import backfill, compress, decode, encode
from tests.support.codec.archives import make_codec
from tests.support.codec.drawn import random_network
from tests.support.data.datasets import mixed_table, write_tree
from tests.support.faults.disk_log import DiskLog

QUICK = {"planner": {"learn": "never"}}


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Two days."""
    tables = {f"day={day}/part-0.parquet": mixed_table(day, 40) for day in (1, 2)}
    return write_tree(tmp_path / "source", tables)


def encode_job(source: Path, **settings: Any) -> EncodeJob:
    """An archive two folders further that are not there."""
    archive = str(source.parent / "deep" / "er" / "archive")
    return EncodeJob(source=str(source), archive=archive, **QUICK, **settings)


def test_publishing_syncs_content_and_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that was published, and every new folder on the way to it, is synced on return."""
    log = DiskLog(monkeypatch)
    publish_bytes(tmp_path / "a" / "b" / "c" / "file", b"content")
    assert (log.unsynced, log.hollow) == ({}, [])


def test_names_that_go_are_synced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So are a deletion and a new name."""
    publish_bytes(tmp_path / "file", b"content")
    log = DiskLog(monkeypatch)
    rename(tmp_path / "file", tmp_path / "other")
    assert log.unsynced == {}
    remove(tmp_path / "other")
    remove(tmp_path / "other")
    assert (log.unsynced, log.n_removed) == ({}, 1)


def test_what_another_process_left_is_made_durable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Names that a killed process published and left unsynced are synced, up to the dataset."""
    log = DiskLog(monkeypatch)
    (tmp_path / "data" / "day=1").mkdir(parents=True)
    path = tmp_path / "data" / "day=1" / "part"
    path.write_bytes(b"content")
    os.rename(path, path.with_name("part-0"))
    assert len(log.unsynced) == 3
    make_durable(tmp_path / "data" / "day=1" / "part-0", tmp_path / "data")
    assert log.unsynced == {}


def test_folders_that_cannot_be_synced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a file system does not sync folders files are published all the same; trouble shows."""
    sync, codes = os.fsync, iter([errno.EINVAL, errno.EIO])

    def refuse(descriptor: int) -> None:
        if os.path.isdir(f"/dev/fd/{descriptor}"):
            raise OSError(next(codes), "no")
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", refuse)
    publish_bytes(tmp_path / "file", b"content")
    assert (tmp_path / "file").read_bytes() == b"content"
    with pytest.raises(OSError, match="no"):
        publish_bytes(tmp_path / "file", b"other")


def test_folders_are_made_once(tmp_path: Path) -> None:
    """Making folders that are there is no error; one that is a file is."""
    make_folders(tmp_path / "a" / "b")
    make_folders(tmp_path / "a" / "b")
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(FileExistsError):
        make_folders(tmp_path / "file")


def test_encoding_and_decoding_are_synced(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once encode or decode has returned, nothing that it wrote waits for the disk."""
    log = DiskLog(monkeypatch)
    job = encode_job(source)
    encode(job)
    assert (log.unsynced, log.hollow) == ({}, [])
    decoded = str(source.parent / "decoded")
    decode(DecodeJob(archive=job.archive, decoded=decoded, source=str(source)))
    assert (log.unsynced, log.hollow) == ({}, [])


def test_sources_go_last(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When a source is deleted, its archive file, the note and all their folders are safe."""
    archive = source.parent / "archive"
    log = DiskLog(monkeypatch, lambda path: archive if source in path.parents else None)
    job = CompressJob(
        source=str(source),
        archive=str(archive),
        retention={"delete_source": "after_verify"},
        **QUICK,
    )
    report = compress(job)
    assert len(report.retired) == 2
    assert log.n_removed >= 2
    assert (log.unsynced, log.hollow) == ({}, [])


def test_pruning_is_synced(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was pruned does not come back."""
    encode(encode_job(source))
    (source / "day=1" / "part-0.parquet").unlink()
    log = DiskLog(monkeypatch)
    backfill(encode_job(source, backfill={"prune": True}))
    assert (log.n_removed, log.unsynced) == (1, {})


def test_the_marker_comes_after_the_codec(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the marker gets its name, all files of the codec that it names are safe."""
    renamed: list[tuple[str, bool]] = []
    log = DiskLog(monkeypatch)
    watched = os.replace

    def replace(path: Path, target: Path) -> None:
        renamed.append((target.name, bool(log.unsynced)))
        watched(path, target)

    monkeypatch.setattr(os, "replace", replace)
    encode(encode_job(source))
    names = [name for name, _ in renamed]
    assert names.index("codec.json.zst") < max(
        i for i, n in enumerate(names) if n == "dataset.json"
    )
    assert not any(is_waiting for name, is_waiting in renamed if name == "dataset.json")


def test_codecs_are_synced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A codec that was saved is safe, its weights included."""
    arrow = pa.schema([(name, pa.float64()) for name in "ab"])
    codec = make_codec(arrow, 0.1, random_network(np.random.default_rng(0), 2))
    log = DiskLog(monkeypatch)
    save_archive_codec(codec, tmp_path / "new" / "codec")
    assert (log.unsynced, log.hollow) == ({}, [])
