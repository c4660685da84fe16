"""gc removes what nothing refers to; what decoding needs stays."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from ae_pipeline import errors
from ae_pipeline.codec import CODEC_FILE
from ae_pipeline.config.job import DecodeJob, EncodeJob, VerifyJob
from ae_pipeline.report.forms import as_json
from ae_pipeline.report.gc import garbage_line, garbage_table
from ae_pipeline.report.tables.markup import to_markdown
from ae_pipeline.results.dataset import DatasetReport
from ae_pipeline.results.gc import GarbageReport
from ae_pipeline.storage import Marker
from ae_pipeline.storage.layout import write_marker
from ae_pipeline.verbs import backfill, decode, encode, gc, verify
from tests.support.checks import assert_one_line
from tests.support.codec.trees import has_json, read_codec_json
from tests.support.data.datasets import mixed_table, mixed_tree, write_tree

DAY_S = 86_400.0
PLANNER = {"learn": "never"}
CODECS = Path("_ae/codecs")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `source`, its `archive`, and another `codec` of its columns."""
    root = tmp_path_factory.mktemp("collect")
    source = mixed_tree(root / "source")
    encode(EncodeJob(source=str(source), archive=str(root / "archive"), planner=PLANNER))
    other = EncodeJob(
        source=str(source),
        archive=str(root / "other"),
        planner=PLANNER,
        tolerance={"relative": 0.02},
    )
    encode(other)
    shutil.copytree(only_codec(root / "other"), root / "codec")
    return root


@pytest.fixture
def archive(built: Path, tmp_path: Path) -> Path:
    """A copy of the archive that a test may add garbage to."""
    return Path(shutil.copytree(built / "archive", tmp_path / "archive"))


def only_codec(archive: Path) -> Path:
    """The directory of an archive's only codec."""
    (directory,) = (archive / CODECS).iterdir()
    return directory


def age(path: Path, seconds: float) -> None:
    """Set back when a file, or a folder and all in it, was last written to."""
    then = time.time() - seconds
    for one in (path, *path.rglob("*")):
        os.utime(one, (then, then), follow_symlinks=False)


def litter(archive: Path, codec: Path) -> set[str]:
    """Add one of each kind of garbage; return their relative paths."""
    shutil.copytree(codec, archive / CODECS / codec_id(codec))
    garbage = {
        f"{CODECS}/{codec_id(codec)}": None,
        "day=1/.part-0.parquet.0123abcd.tmp": b"half",
        f"{CODECS}/{only_name(archive, codec)}/.codec.json.zst.0123abcd.tmp": b"half",
        "day=1/.part-0.parquet.rejected": b"damaged",
        "_ae/checkpoint/0123": None,
        "_ae/failed/day=9/part-0.parquet.json": b"{}",
    }
    (archive / "_ae/checkpoint/0123").mkdir(parents=True)
    (archive / "_ae/checkpoint/0123/training.safetensors").write_bytes(b"state")
    (archive / "_ae/failed/day=9").mkdir(parents=True)
    for relative, content in garbage.items():
        if content is not None:
            (archive / relative).write_bytes(content)
    # The file in its place now was written after it was set aside.
    written = (archive / "day=1/part-0.parquet").stat().st_mtime - 1
    os.utime(archive / "day=1/.part-0.parquet.rejected", (written, written))
    return set(garbage)


def codec_id(codec: Path) -> str:
    """The id in a codec's own file."""
    return str(read_codec_json(codec)["id"])


def only_name(archive: Path, codec: Path) -> str:
    """The codec that the archive had before."""
    (name,) = {path.name for path in (archive / CODECS).iterdir()} - {codec_id(codec)}
    return name


def use_codec(archive: Path, name: str) -> None:
    """Let the archive use another codec from now on."""
    write_marker(archive, Marker("archive", name))


def tree(root: Path) -> dict[str, bytes]:
    """Content of every file."""
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file()
    }


def found(collected: GarbageReport) -> set[str]:
    """Relative paths of what was collected."""
    return {one.relative for one in collected.garbage}


def checked(archive: Path, source: Path) -> DatasetReport:
    """The report of verify."""
    return verify(VerifyJob(archive=str(archive), source=str(source)))


def test_garbage_goes_and_the_rest_stays(built: Path, archive: Path) -> None:
    """After gc the dataset is, file by file, what it was before the garbage was added."""
    before, expected = tree(archive), checked(archive, built / "source")
    garbage = litter(archive, built / "codec")
    size_bytes = sum(map(len, tree(archive).values())) - sum(map(len, before.values()))
    age(archive, 2 * DAY_S)
    collected = gc(str(archive), DAY_S)
    assert found(collected) == garbage
    assert collected.size_bytes == size_bytes
    assert tree(archive) == before
    assert not (archive / "_ae/checkpoint").exists()
    assert not (archive / "_ae/failed").exists()
    after = checked(archive, built / "source")
    assert (after.total.n_rows, after.failures) == (expected.total.n_rows, ())
    assert after.total.metrics == expected.total.metrics
    assert gc(str(archive), 0.0).garbage == ()


def test_a_dry_run_removes_nothing(built: Path, archive: Path) -> None:
    """A dry run lists what a run then removes, and removes nothing."""
    litter(archive, built / "codec")
    age(archive, 2 * DAY_S)
    before = tree(archive)
    planned = gc(str(archive), DAY_S, is_dry_run=True)
    assert tree(archive) == before
    assert planned.is_dry_run
    assert gc(str(archive), DAY_S).garbage == planned.garbage


def test_what_is_young_stays(built: Path, archive: Path) -> None:
    """Files written to within the grace period stay; one young file keeps its whole codec."""
    garbage = litter(archive, built / "codec")
    kept = gc(str(archive), DAY_S)
    assert kept.garbage == ()
    assert {one.relative for one in kept.young} == garbage
    assert "6 files and folders of" in garbage_line(kept)
    assert "younger than the grace period" in garbage_line(kept)
    age(archive, 2 * DAY_S)
    codec = f"{CODECS}/{codec_id(built / 'codec')}"
    os.utime(archive / codec / CODEC_FILE)
    assert found(gc(str(archive), DAY_S)) == garbage - {codec}


def test_codecs_of_fragments_stay(built: Path, archive: Path) -> None:
    """In an archive of two codecs both stay until no fragment names the former one."""
    source = Path(shutil.copytree(built / "source", archive.parent / "source"))
    write_tree(source, {"day=3/part-0.parquet": mixed_table(8)})
    job = EncodeJob(source=str(source), archive=str(archive), codec=str(built / "codec"))
    former = only_codec(archive).name
    backfill(job)
    assert gc(str(archive), 0.0).garbage == ()
    assert checked(archive, source).failures == ()
    everything = job.model_copy(
        update={"backfill": job.backfill.model_copy(update={"only": ("missing", "outdated")})}
    )
    backfill(everything)
    assert found(gc(str(archive), 0.0)) == {f"{CODECS}/{former}"}
    assert checked(archive, source).failures == ()


@pytest.mark.parametrize("damage", ["truncated", "foreign"])
def test_codecs_stay_while_a_footer_is_in_doubt(built: Path, archive: Path, damage: str) -> None:
    """If one fragment does not reveal its codec, no codec goes, and a warning says why."""
    garbage = litter(archive, built / "codec")
    fragment = archive / "day=2/part-0.parquet"
    if damage == "truncated":
        fragment.write_bytes(fragment.read_bytes()[:500])
    else:
        pq.write_table(mixed_table(0), fragment)
    collected = gc(str(archive), 0.0)
    assert found(collected) == garbage - {f"{CODECS}/{codec_id(built / 'codec')}"}
    (warning,) = collected.warnings
    assert "codecs stay" in warning
    assert "part-0.parquet" in warning


def test_links_are_not_followed(built: Path, archive: Path, tmp_path: Path) -> None:
    """Files behind a link are not removed, and the codecs of fragments behind one stay."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / ".part-0.parquet.0123abcd.tmp").write_bytes(b"foreign")
    (outside / "state").write_bytes(b"foreign")
    (archive / "day=4").symlink_to(outside)
    (archive / ".link.0123abcd.tmp").symlink_to(outside / "state")
    (archive / CODECS / ("ab" * 10)).symlink_to(outside)
    (archive / "_ae/checkpoint").symlink_to(outside)
    (archive / "_ae/failed").symlink_to(outside)
    (former,) = [path for path in (archive / CODECS).iterdir() if not path.is_symlink()]
    before = tree(outside)
    assert gc(str(archive), 0.0).garbage == ()
    assert tree(outside) == before
    moved = tmp_path / "moved"
    (archive / "day=2").rename(moved)
    (archive / "day=2").symlink_to(moved)
    shutil.rmtree(archive / "day=1")
    shutil.rmtree(archive / "day=10")
    use_codec(archive, codec_id(built / "codec"))
    assert gc(str(archive), 0.0).garbage == ()
    assert has_json(former)


def test_single_file_of_any_name(built: Path, tmp_path: Path) -> None:
    """A source that is one file may have any name; the codec of its archive file stays."""
    source = tmp_path / "rows.data"
    shutil.copy(built / "source/day=1/part-0.parquet", source)
    archive = tmp_path / "archive"
    encode(EncodeJob(source=str(source), archive=str(archive), planner=PLANNER))
    use_codec(archive, codec_id(built / "codec"))
    assert gc(str(archive), 0.0).garbage == ()


def test_failures_of_present_fragments_stay(archive: Path) -> None:
    """The note of a fragment that is in the dataset is left to the next backfill."""
    note = archive / "_ae/failed/day=1/part-0.parquet.json"
    note.parent.mkdir(parents=True)
    note.write_text("{}")
    assert gc(str(archive), 0.0).garbage == ()


def test_decoded_datasets_are_collected_too(built: Path, tmp_path: Path) -> None:
    """Temporary files are removed from decoded tables as well."""
    decoded = tmp_path / "decoded"
    decode(DecodeJob(archive=str(built / "archive"), decoded=str(decoded)))
    before = tree(decoded)
    (decoded / "day=1/.part-0.parquet.0123abcd.tmp").write_bytes(b"half")
    assert len(gc(str(decoded), 0.0).garbage) == 1
    assert tree(decoded) == before


def test_other_folders_are_refused(built: Path, tmp_path: Path) -> None:
    """A folder without a marker, a file and a missing path are refused in one line."""
    (tmp_path / ".mine.0123abcd.tmp").write_bytes(b"foreign")
    with pytest.raises(errors.DestinationExistsError) as foreign:
        gc(str(tmp_path), 0.0)
    assert_one_line(foreign.value, "nothing is removed", str(tmp_path), "name the folder")
    assert (tmp_path / ".mine.0123abcd.tmp").exists()
    for path in (tmp_path / "nothing", built / "source/day=1/part-0.parquet"):
        with pytest.raises(errors.SourceNotFoundError) as absent:
            gc(str(path), 0.0)
        assert_one_line(absent.value, str(path))


@pytest.mark.parametrize("grace_s", [-1.0, float("nan")])
def test_an_impossible_grace_period_is_refused(archive: Path, grace_s: float) -> None:
    """A grace period below zero, which would remove files being written, is refused."""
    with pytest.raises(errors.ConfigError) as refused:
        gc(str(archive), grace_s)
    assert_one_line(refused.value, "grace", "0 or more")


def test_report(built: Path, archive: Path) -> None:
    """The table has a row for each item and a total, and shows whether anything was removed."""
    litter(archive, built / "codec")
    planned = gc(str(archive), 0.0, is_dry_run=True)
    assert "would be removed" in to_markdown(garbage_table(planned))
    assert f"6 files and folders would free {planned.size_bytes:,} bytes" in garbage_line(planned)
    done = gc(str(archive), 0.0)
    markdown = to_markdown(garbage_table(done))
    assert all(one.relative in markdown and one.reason in markdown for one in done.garbage)
    assert "freed" in garbage_line(done)
    assert '"size_bytes"' in as_json(done)
    assert "Nothing to collect" in garbage_line(gc(str(archive), 0.0))
