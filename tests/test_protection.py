"""What is read is never written over, under whatever name a link or a mount leads to it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from ae_pipeline.codec.features import save_features_codec
from ae_pipeline.config.job import CompressJob, DecodeJob, EncodeJob
from ae_pipeline.errors import DestinationOverlapError
from ae_pipeline.protection import Protected, check_unprotected, protecting
from ae_pipeline.publish import make_folders, publish_bytes, remove, remove_tree, rename
from ae_pipeline.results.dataset import DatasetReport, FragmentFailure
from ae_pipeline.verbs import backfill, compress, decode, encode
from tests.support.block_devices import run_tool
from tests.support.checks import assert_one_line
from tests.support.datasets import mixed_table, write_tree
from tests.support.networks import hand_set_codec, hand_set_table

QUICK = {"planner": {"learn": "never"}}
DE, FR = "c=de/part-0.parquet", "c=fr/part-0.parquet"

Bind = Callable[[Path, Path], None]
#: Makes the second path lead to the first.
Way = Callable[[Path, Path], None]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Two countries."""
    return write_tree(tmp_path / "source", {DE: mixed_table(0, 40), FR: mixed_table(1, 40)})


@pytest.fixture
def bind() -> Iterator[Bind]:
    """Mount a folder at another place, too."""
    mounted: list[Path] = []

    def bind_one(folder: Path, place: Path) -> None:
        place.mkdir(parents=True, exist_ok=True)
        run_tool("mount", "--bind", str(folder), str(place))
        mounted.append(place)

    yield bind_one
    for place in reversed(mounted):
        run_tool("umount", str(place))


@pytest.fixture(params=["link", "mount"])
def lead(request: pytest.FixtureRequest, bind: Bind) -> Way:
    """Let a second folder be the first, by a link or by a mount."""

    def link(folder: Path, place: Path) -> None:
        place.parent.mkdir(parents=True, exist_ok=True)
        place.symlink_to(folder)

    return bind if request.param == "mount" else link


def contents(root: Path) -> dict[str, bytes]:
    """Every file below a folder."""
    files = (path for path in root.rglob("*") if path.is_file())
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in files}


def archive_of(source: Path) -> Path:
    """An empty archive that is marked already, so that links can lie in it."""
    archive = source.parent / "archive"
    shutil.copytree(source, source.parent / "twin")
    encode(EncodeJob(source=str(source.parent / "twin"), archive=str(archive), **QUICK))
    for relative in (DE, FR):
        shutil.rmtree((archive / relative).parent)
    return archive


def encode_into(source: Path, archive: Path, **settings: Any) -> DatasetReport:
    """Encode to an archive."""
    return encode(EncodeJob(source=str(source), archive=str(archive), **QUICK, **settings))


def assert_refused(failures: tuple[FragmentFailure, ...], *paths: Path) -> None:
    """One fragment failed, because it would have been written over what is read."""
    (failure,) = failures
    assert "would be written over what is read" in failure.message
    assert any(str(path) in failure.message for path in paths)
    assert "\n" not in failure.message


def test_a_folder_of_the_archive_that_is_the_sources(source: Path, lead: Way) -> None:
    """A partition that leads to the source's is refused by name; the others are encoded."""
    before, archive = contents(source), archive_of(source)
    lead(source / "c=de", archive / "c=de")
    report = encode_into(source, archive)
    assert_refused(report.failures, archive / DE)
    assert [one.relative for one in report.fragments] == [FR]
    assert contents(source) == before


def test_a_folder_that_is_another_partition_of_the_source(source: Path, lead: Way) -> None:
    """It is refused as well, also where that partition is not being encoded."""
    before, archive = contents(source), archive_of(source)
    lead(source / "c=fr", archive / "c=de")
    done = backfill(
        EncodeJob(source=str(source), archive=str(archive), backfill={"where": "c = 'de'"}, **QUICK)
    )
    assert done.report is not None
    assert_refused(done.report.failures, archive / DE)
    assert contents(source) == before


def test_compress_deletes_no_source_that_its_archive_leads_to(source: Path, lead: Way) -> None:
    """A night leaves such a source as it was, and lets go of the other one."""
    before, archive = contents(source), archive_of(source)
    lead(source / "c=de", archive / "c=de")
    report = compress(
        CompressJob(
            source=str(source),
            archive=str(archive),
            retention={"delete_source": "after_verify"},
            **QUICK,
        )
    )
    assert_refused(report.failures, archive / DE)
    assert report.retired == (FR,)
    assert contents(source) == {DE: before[DE]}


def test_a_source_whose_folder_is_the_archives(source: Path, lead: Way) -> None:
    """The other way round: a folder of the source that leads into the archive."""
    archive = archive_of(source)
    (source / "c=de").rename(archive / "c=de")
    before = contents(archive / "c=de")
    lead(archive / "c=de", source / "c=de")
    assert_refused(encode_into(source, archive).failures, archive / DE)
    assert contents(archive / "c=de") == before


def test_a_folder_that_leads_deep_into_the_source(source: Path, lead: Way) -> None:
    """New files in folders of the source are none of ours, whatever their names."""
    archive = archive_of(source)
    (source / "empty").mkdir()
    lead(source, archive / "c=de")
    before = contents(source)
    assert_refused(encode_into(source, archive).failures, archive / DE)
    assert contents(source) == before


@pytest.mark.parametrize("link", [os.link, os.symlink])
def test_a_file_of_the_archive_that_is_the_sources(
    source: Path, link: Callable[[Path, Path], None]
) -> None:
    """A hard link or a link to a fragment is refused; it stays what it was."""
    before, archive = contents(source), archive_of(source)
    (archive / "c=de").mkdir()
    link(source / DE, archive / DE)
    assert_refused(encode_into(source, archive, execution={"force": True}).failures, archive / DE)
    assert contents(source) == before
    assert (archive / DE).samefile(source / DE)


def test_a_link_to_elsewhere_is_replaced(source: Path) -> None:
    """Of a link in the archive the link itself is replaced; where it led to nothing changes."""
    archive, elsewhere = archive_of(source), source.parent / "elsewhere"
    elsewhere.write_bytes(b"not ours")
    (archive / "c=de").mkdir()
    (archive / DE).symlink_to(elsewhere)
    assert encode_into(source, archive).failures == ()
    assert elsewhere.read_bytes() == b"not ours"
    assert not (archive / DE).is_symlink()


@pytest.mark.parametrize("dataset", ["source", "archive"])
@pytest.mark.parametrize("with_source", [False, True])
def test_decoding_over_what_is_decoded(
    source: Path, lead: Way, dataset: str, with_source: bool
) -> None:
    """Decode writes into neither the archive nor the source, wherever its folder leads."""
    archive, out = source.parent / "archive", source.parent / "out"
    encode_into(source, archive)
    before = contents(source), contents(archive)
    decode(DecodeJob(archive=str(archive), decoded=str(out)))
    shutil.rmtree(out / "c=de")
    lead(source.parent / dataset / "c=de", out / "c=de")
    named = {"source": str(source)} if with_source else {}
    report = decode(DecodeJob(archive=str(archive), decoded=str(out), **named))
    assert [one.relative for one in report.failures] == [DE]
    assert (contents(source), contents(archive)) == before


def test_codecs_and_markers_that_would_go_into_the_source(source: Path, lead: Way) -> None:
    """Nothing is claimed or saved in a folder that leads into the source."""
    archive = source.parent / "archive"
    (source / "_private").mkdir()
    lead(source / "_private", archive / "_ae")
    before = contents(source)
    with pytest.raises(DestinationOverlapError) as caught:
        encode_into(source, archive)
    assert_one_line(caught.value, str(archive), "link or mount")
    assert contents(source) == before


@pytest.mark.parametrize("folder", ["failed", "report"])
def test_notes_and_reports_that_would_go_into_the_source(
    source: Path, lead: Way, folder: str
) -> None:
    """Notes of failures and tables of errors are written to no source."""
    archive, out = source.parent / "archive", source.parent / "out"
    encode_into(source, archive)
    (source / "_private").mkdir()
    lead(source / "_private", (archive if folder == "failed" else out) / "_ae" / folder)
    (source / DE).write_bytes(b"no parquet")
    before = contents(source)
    if folder == "failed":
        assert len(encode_into(source, archive).failures) == 1
    else:
        job = DecodeJob(archive=str(archive), decoded=str(out), source=str(source))
        with pytest.raises(DestinationOverlapError):
            decode(job)
    assert contents(source) == before


def test_pruning_deletes_nothing_of_the_source(source: Path, lead: Way) -> None:
    """What looks like an orphan in a folder that leads to the source is refused."""
    archive = archive_of(source)
    encode_into(source, archive)
    lead(source / "c=de", archive / "c=es")
    before = contents(source)
    with pytest.raises(DestinationOverlapError):
        backfill(
            EncodeJob(source=str(source), archive=str(archive), backfill={"prune": True}, **QUICK)
        )
    assert contents(source) == before


def test_a_mount_of_the_source_is_no_destination(source: Path, bind: Bind, tmp_path: Path) -> None:
    """The source under another name overlaps with itself; so does what lies in it."""
    bind(source, tmp_path / "other")
    for place in ("other", "other/c=de", "other/new"):
        with pytest.raises(DestinationOverlapError):
            encode_into(source, tmp_path / place)


def test_a_single_file_protects_itself_alone(source: Path, tmp_path: Path) -> None:
    """The archive of one file may lie beside it, and not be it."""
    one = source / FR
    report = encode_into(one, one.parent / "archive")
    assert report.failures == ()
    (one.parent / "archive" / "part-0.parquet").unlink()
    os.link(one, one.parent / "archive" / "part-0.parquet")
    report = encode_into(one, one.parent / "archive")
    assert_refused(report.failures, one.parent / "archive" / "part-0.parquet")


def test_every_way_to_write_asks(tmp_path: Path) -> None:
    """Publishing, deleting, renaming and making folders are refused in what is protected."""
    kept = tmp_path / "kept"
    publish_bytes(kept / "file", b"x")
    (tmp_path / "way").symlink_to(kept)
    way = tmp_path / "way"
    with protecting(Protected([kept], [])):
        for write in (
            lambda: publish_bytes(way / "file", b"y"),
            lambda: publish_bytes(way / "new" / "file", b"y"),
            lambda: make_folders(way / "new"),
            lambda: remove(way / "file"),
            lambda: remove_tree(way / "new"),
            lambda: rename(way / "file", way / "other"),
        ):
            with pytest.raises(DestinationOverlapError):
                write()
        publish_bytes(tmp_path / "beside", b"y")
        with protecting(None):
            check_unprotected(kept / "file")
    check_unprotected(kept / "file")
    assert contents(kept) == {"file": b"x"}


def test_an_inode_that_is_used_again(tmp_path: Path) -> None:
    """A file that has the number of one that was deleted is not that one."""
    (tmp_path / "kept").write_bytes(b"x")
    protected = Protected([], [tmp_path / "kept"])
    with pytest.raises(DestinationOverlapError):
        protected.check(tmp_path / "kept")
    (tmp_path / "kept").rename(tmp_path / "other")
    protected.check(tmp_path / "other")


def test_features_that_lead_into_the_source(tmp_path: Path) -> None:
    """Features are written over no source either."""
    codec, features = tmp_path / "codec", tmp_path / "features"
    save_features_codec(hand_set_codec(), codec)
    table = pa.Table.from_batches([hand_set_table([1.0, 2.0, 3.0], [4.0, 5.0, 6.0])])
    source = write_tree(tmp_path / "source", {DE: table, FR: table})
    job = EncodeJob(source=str(source), features=str(features), codec=str(codec))
    encode(job)
    shutil.rmtree(features / "c=de")
    (features / "c=de").symlink_to(source / "c=de")
    before = contents(source)
    assert_refused(encode(job).failures, features / DE)
    assert contents(source) == before


def test_mount_points_of_any_name(source: Path, bind: Bind) -> None:
    """Names that the system's list of mounts writes in another way are understood."""
    archive = archive_of(source)
    (source / "_a b\\c").mkdir()
    bind(source / "_a b\\c", archive / "c=de")
    assert_refused(encode_into(source, archive).failures, archive / DE)
