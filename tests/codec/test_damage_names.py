"""Versions, ids and paths that are not ours: named, and never followed."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from ae_pipeline.codec.archive import load_archive_codec, save_archive_codec
from ae_pipeline.config.job import DecodeJob, VerifyJob
from ae_pipeline.dataset import Fragment, open_fragment
from ae_pipeline.errors import AePipelineError, CorruptCodecError, UnsupportedFormatError
from ae_pipeline.format_version import FORMAT_VERSION
from ae_pipeline.formats import require_footer
from ae_pipeline.storage import Marker
from ae_pipeline.storage.layout import write_marker
from ae_pipeline.verbs import decode, inspect, verify
from tests.support.faults.damaged_archives import (
    N_ROWS,
    PART,
    codec_folder,
    forge_tree,
    write_archive,
)


def test_unknown_version_of_a_fragment(own_archive: Path) -> None:
    """A fragment of another major version is named, with the version."""
    path = own_archive / PART
    content, key = path.read_bytes(), b"ae:format_version"
    at = content.rindex(FORMAT_VERSION.encode(), 0, content.rindex(key) + len(key) + 8)
    path.write_bytes(content[:at] + b"9.0" + content[at + 3 :])
    fragment = Fragment(path, PART, len(content))
    with open_fragment(fragment) as file, pytest.raises(UnsupportedFormatError, match=r"9\.0"):
        require_footer(file.metadata, fragment)


def test_unknown_version_of_a_codec(own_archive: Path) -> None:
    """So is a codec."""
    forge_tree(own_archive, format_version="9.0")
    with pytest.raises(UnsupportedFormatError, match=r"9\.0"):
        verify(VerifyJob(archive=str(own_archive)))


def test_unknown_version_of_a_dataset(own_archive: Path) -> None:
    """So is a dataset."""
    path = own_archive / "_ae/dataset.json"
    path.write_text(path.read_text().replace(FORMAT_VERSION, "9.0"))
    with pytest.raises(UnsupportedFormatError, match=r"9\.0"):
        inspect(str(own_archive))


ESCAPES = ["../../x", "/tmp/x", "", ".", "0" * 19, "0" * 21, "A" * 20, "é" * 20]  # noqa: S108


@pytest.mark.parametrize("name", ESCAPES)
def test_codec_id_of_a_fragment_is_no_path(tmp_path: Path, name: str) -> None:
    """A fragment whose codec id is none is damaged, and no path is made of it."""
    archive = write_archive(tmp_path, footer_id=name)
    with pytest.raises(AePipelineError):
        verify(VerifyJob(archive=str(archive)))


@pytest.mark.parametrize("name", ESCAPES)
def test_codec_id_of_a_marker_is_no_path(own_archive: Path, name: str) -> None:
    """A dataset whose codec id is none is damaged, even if a codec lies where it leads."""
    shutil.copytree(codec_folder(own_archive), own_archive / "x", dirs_exist_ok=True)
    write_marker(own_archive, Marker("archive", name))
    with pytest.raises(CorruptCodecError, match="codec id"):
        inspect(str(own_archive))


def test_codec_of_another_id(own_archive: Path) -> None:
    """A codec in the folder of another one decodes nothing."""
    folder = codec_folder(own_archive)
    codec = load_archive_codec(folder)
    save_archive_codec(replace(codec, std=2 * codec.std), folder)
    with pytest.raises(AePipelineError):
        verify(VerifyJob(archive=str(own_archive)))


def test_links_are_read_and_never_written(archive: Path, tmp_path: Path) -> None:
    """A fragment that is a link decodes into the destination; what it leads to stays as it is."""
    outside = Path(shutil.copy(archive / PART, tmp_path / "outside.parquet"))
    linked = Path(shutil.copytree(archive, tmp_path / "linked"))
    (linked / PART).unlink()
    os.symlink(outside, linked / PART)
    before = outside.read_bytes()
    decode(DecodeJob(archive=str(linked), decoded=str(tmp_path / "out")))
    assert outside.read_bytes() == before
    written = list((tmp_path / "out").rglob("*.parquet"))
    assert [path.relative_to(tmp_path / "out").as_posix() for path in written] == [PART]
    assert not written[0].is_symlink()


def test_links_in_a_circle(own_archive: Path) -> None:
    """A folder that links to its own archive is read once."""
    os.symlink(own_archive, own_archive / "day=1/again")
    assert verify(VerifyJob(archive=str(own_archive))).total.n_rows == N_ROWS
