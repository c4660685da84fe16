"""Files of several row groups: the same bytes, values and errors with one worker and with many."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ae_pipeline.codec.archive import MOST_ROWS
from ae_pipeline.config.job import DecodeJob, EncodeJob, VerifyJob
from ae_pipeline.results.dataset import DatasetReport
from ae_pipeline.verbs import decode, encode, verify
from tests.support.data.datasets import read_table, write_tree

N_GROUPS, PART = 4, "p.parquet"
WORKERS = (1, 4)


def long_table() -> pa.Table:
    """A table that an archive stores in `N_GROUPS` row groups."""
    rows = np.arange((N_GROUPS - 1) * MOST_ROWS + 9)
    values = np.random.default_rng(1).normal(size=len(rows)).cumsum()
    return pa.table({"x": values, "key": rows // 7, "kept": pa.array(rows % 3 == 0)})


def run_encode(source: Path, archive: Path, workers: int, force: bool = False) -> DatasetReport:
    """Encode without a network; one column stays readable."""
    return encode(
        EncodeJob(
            source=str(source),
            archive=str(archive),
            planner={"learn": "never", "budget_s": 1.0},
            columns={"keep": ["kept"]},
            execution={"workers": workers, "force": force},
        )
    )


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One long file; nobody may change it."""
    folder = tmp_path_factory.mktemp("long") / "source"
    return write_tree(folder, {PART: long_table()}, row_group_size=50_000)


@pytest.fixture(scope="module")
def archive(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its archive, written by one worker; nobody may change it."""
    folder = tmp_path_factory.mktemp("archive") / "long"
    assert run_encode(source, folder, 1).failures == ()
    return folder


def own_copy(archive: Path, folder: Path, change: Callable[[bytearray], None]) -> Path:
    """A copy of an archive whose only fragment is changed."""
    content = bytearray((archive / PART).read_bytes())
    change(content)
    for path in archive.rglob("*"):
        if path.is_file():
            there = folder / path.relative_to(archive)
            there.parent.mkdir(parents=True, exist_ok=True)
            there.write_bytes(path.read_bytes())
    (folder / PART).write_bytes(content)
    return folder


def test_bytes_are_the_same(source: Path, archive: Path, tmp_path: Path) -> None:
    """Several workers write the very bytes that one does, decode the same, and agree with it."""
    copy = own_copy(archive, tmp_path / "archive", lambda content: content.clear())
    assert run_encode(source, copy, 4, force=True).n_written == 1
    assert pq.read_metadata(copy / PART).num_row_groups == N_GROUPS
    assert (copy / PART).read_bytes() == (archive / PART).read_bytes()
    written = []
    for workers in WORKERS:
        folder, own = tmp_path / str(workers), {"workers": workers}
        decode(DecodeJob(archive=str(copy), decoded=str(folder), execution=own))
        report = verify(VerifyJob(archive=str(copy), source=str(source), execution=own))
        assert report.failures == ()
        assert report.total.n_rows == len(long_table())
        written.append((folder / PART).read_bytes())
    assert written[0] == written[1]
    got = read_table(tmp_path / "4" / PART)
    assert got.select(["key", "kept"]).equals(long_table().select(["key", "kept"]))


@pytest.mark.parametrize("groups", [(1,), (1, 2), (3,)])
def test_the_first_damaged_row_group_is_named(
    archive: Path, tmp_path: Path, groups: tuple[int, ...]
) -> None:
    """With many workers damage has the message of one worker, and nothing is written."""
    metadata = pq.read_metadata(archive / PART)

    def damage(content: bytearray) -> None:
        for group in groups:
            block = metadata.row_group(group).column(metadata.num_columns - 1)
            middle = block.data_page_offset + block.total_compressed_size // 2
            content[middle] ^= 1

    copy = own_copy(archive, tmp_path / "archive", damage)
    messages = set()
    for workers in WORKERS:
        own = {"workers": workers}
        report = decode(DecodeJob(archive=str(copy), decoded=str(tmp_path / "out"), execution=own))
        messages |= {failure.message for failure in report.failures}
        assert list((tmp_path / "out").rglob("*.parquet")) == []
        checked = verify(VerifyJob(archive=str(copy), execution=own))
        messages |= {failure.message for failure in checked.failures}
    (message,) = messages
    assert PART in message


def test_a_source_that_breaks_off_is_named(source: Path, archive: Path, tmp_path: Path) -> None:
    """Where rows in the middle of a source cannot be read, no file is left of those before them."""
    content = bytearray((source / PART).read_bytes())
    chunk = pq.read_metadata(source / PART).row_group(6).column(0)
    start = chunk.dictionary_page_offset or chunk.data_page_offset
    content[start : start + chunk.total_compressed_size] = bytes(chunk.total_compressed_size)
    broken = tmp_path / "source"
    broken.mkdir()
    (broken / PART).write_bytes(content)
    messages = set()
    for workers in WORKERS:
        copy = own_copy(archive, tmp_path / str(workers), lambda content: None)
        (copy / PART).unlink()
        report = run_encode(broken, copy, workers)
        messages |= {failure.message for failure in report.failures}
        assert [path for path in copy.rglob("*.parquet*") if "_ae" not in path.parts] == []
    assert len(messages) == 1
