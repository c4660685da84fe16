"""What a killed run leaves half-written is data to no verb."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from ae_pipeline.config.job import DecodeJob, EncodeJob, EstimateJob, VerifyJob
from ae_pipeline.dataset import discover
from ae_pipeline.errors import SourceNotFoundError
from ae_pipeline.hidden_names import temporary_path
from ae_pipeline.storage import read_marker, read_notes, write_note
from ae_pipeline.verbs import backfill, decode, encode, estimate, gc, inspect, verify
from tests.support.datasets import mixed_table, write_tree

QUICK = {"planner": {"learn": "never"}}
#: The name of a file may look like that of a partition.
NAMES = ("day=1/part-0.parquet", "day=1/k=v.parquet")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Two fragments, and a half file beside each."""
    tables = {name: mixed_table(number, 40) for number, name in enumerate(NAMES)}
    return litter(write_tree(tmp_path / "source", tables))


@pytest.fixture
def archive(source: Path) -> Path:
    """Their archive, with half of everything that it has."""
    archive = source.parent / "archive"
    encode(EncodeJob(source=str(source), archive=str(archive), **QUICK))
    write_note(archive, "failed", "day=9/part-0.parquet", {"message": "gone", "source": ""})
    return litter(archive)


def litter(root: Path) -> Path:
    """Put beside every file one that was never published, and one whole but for its name."""
    for path in [path for path in root.rglob("*") if path.is_file()]:
        temporary_path(path).write_bytes(path.read_bytes()[: path.stat().st_size // 2])
        shutil.copy(path, temporary_path(path))
    return root


def test_they_are_no_fragments(source: Path, archive: Path) -> None:
    """Neither are they counted as files that are ignored."""
    for root in (source, archive):
        found = discover(root)
        assert sorted(one.relative for one in found.fragments) == sorted(NAMES)
        assert set(found.ignored) <= {"_ae/ (hidden)"}


def test_every_verb_passes_them_over(source: Path, archive: Path) -> None:
    """All verbs do and tell the same as without them."""
    decoded = source.parent / "decoded"
    first = decode(DecodeJob(archive=str(archive), decoded=str(decoded), source=str(source)))
    litter(decoded)
    again = decode(DecodeJob(archive=str(archive), decoded=str(decoded), source=str(source)))
    checked = verify(VerifyJob(archive=str(archive), source=str(source)))
    written = encode(EncodeJob(source=str(source), archive=str(archive), **QUICK))
    for report in (first, again, checked, written):
        assert (len(report.fragments), report.failures) == (2, ())
    assert written.n_written == 0
    planned = backfill(EncodeJob(source=str(source), archive=str(archive), **QUICK)).plan
    assert [one.state for one in planned.fragments] == ["current", "current"]
    assert estimate(EstimateJob(source=str(source), tolerances=(0.1,), **QUICK)).n_rows == 80


def test_they_are_no_notes_and_no_codecs(archive: Path) -> None:
    """Half a note says nothing; a codec weighs what its own files weigh."""
    assert list(read_notes(archive, "failed")) == ["day=9/part-0.parquet"]
    (codec,) = (archive / "_ae" / "codecs").iterdir()
    weights = [inspect(str(codec)).facts["bytes"]]
    sizes = [inspect(str(archive)).bytes]
    assert gc(str(archive), grace_s=0.0).garbage
    weights.append(inspect(str(codec)).facts["bytes"])
    sizes.append(inspect(str(archive)).bytes)
    assert weights[0] == weights[1]
    assert sizes[0] is not None
    assert sizes[1] is not None
    assert sizes[0].model_bytes == sizes[1].model_bytes
    assert not list(archive.rglob("*.tmp"))


def read_inspect(path: Path) -> object:
    """Look at it."""
    return inspect(str(path))


def read_encode(path: Path) -> object:
    """Encode it."""
    return encode(EncodeJob(source=str(path), archive=str(path.parent / "new"), **QUICK))


def read_decode(path: Path) -> object:
    """Decode it."""
    return decode(DecodeJob(archive=str(path), decoded=str(path.parent / "new")))


def read_verify(path: Path) -> object:
    """Verify it."""
    return verify(VerifyJob(archive=str(path)))


@pytest.mark.parametrize("read", [read_inspect, read_encode, read_decode, read_verify])
def test_none_is_read_by_its_own_name(archive: Path, read: Callable[[Path], object]) -> None:
    """Who names one is told what it is, also if it happens to be whole."""
    for path in (archive / "day=1").glob(".*.tmp"):
        with pytest.raises(SourceNotFoundError, match="never published"):
            read(path)


def test_a_folder_with_half_files_alone_is_free(source: Path, tmp_path: Path) -> None:
    """A run that was killed before it could mark its folder does not keep the next one out."""
    archive = tmp_path / "new"
    archive.mkdir()
    temporary_path(archive / "c=de").touch()
    report = encode(EncodeJob(source=str(source), archive=str(archive), **QUICK))
    assert report.failures == ()
    assert read_marker(archive) is not None
