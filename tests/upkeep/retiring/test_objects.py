"""Sources in stores are deleted as files are: verified ones alone, and nothing is lost midway."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from ae_pipeline.config.job import CompressJob, DecodeJob, VerifyJob
from ae_pipeline.dataset import file_hash
from ae_pipeline.errors import ConfigError, SourceChangedError, StoreDeniedError
from ae_pipeline.publish import publish_bytes
from ae_pipeline.results.compress import CompressReport
from ae_pipeline.storage import read_notes, write_note
from ae_pipeline.store import place, visiting
from ae_pipeline.upkeep import finish_retiring, plan_backfill, replacing
from ae_pipeline.verbs import compress, decode, verify
from tests.support.data.datasets import number_tree
from tests.support.object_servers.clients import open_store
from tests.support.object_servers.containers import keep_versions, s3_client
from tests.support.object_servers.faults import Answer, Fault, Hang, LoseAnswer, Unconditional
from tests.support.object_servers.proxy import FaultProxy
from tests.support.object_servers.server import ObjectServer
from tests.support.object_servers.trees import put_tree, read_folder, read_tree

pytestmark = pytest.mark.heavy

S3 = pytest.mark.parametrize("object_server", ["moto", "seaweedfs"], indirect=True)
MOTO = pytest.mark.parametrize("object_server", ["moto"], indirect=True)
VERSIONED = pytest.mark.parametrize("is_versioned", [True, False], ids=["versions", "none"])
NAMES = ("day=1/p.parquet", "day=2/p.parquet")
KEY = f"s/{NAMES[0]}"
#: The deletion of the first source.
DELETE = ("DELETE", f"/{KEY.replace('=', '(=|%3D)')}")
#: A night by itself, to be killed.
NIGHT = """
import sys
from ae_pipeline.config.job import CompressJob
from ae_pipeline.verbs import compress
compress(CompressJob.model_validate_json(sys.argv[1]))
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two days on this machine."""
    return number_tree(tmp_path / "numbers")


@pytest.fixture
def there(object_server: ObjectServer, folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Two days in a bucket that keeps no versions, which jobs reach without the proxy."""
    for name, value in object_server.environment.items():
        monkeypatch.setenv(name, value)
    return put_tree(object_server, folder, "s")


@pytest.fixture
def at_proxy(fault_path: FaultProxy, there: str, monkeypatch: pytest.MonkeyPatch) -> FaultProxy:
    """The proxy, which jobs go through."""
    for name, value in fault_path.server.environment.items():
        monkeypatch.setenv(name, value)
    return fault_path


def night(there: str, delete: str = "after_verify", **settings: Any) -> CompressJob:
    """A night over the two days and the archive beside them."""
    retention = {"delete_source": delete, "unversioned": settings.pop("unversioned", "refuse")}
    archive = settings.pop("archive", f"{there.removesuffix('/s')}/a")
    plain = {"planner": {"learn": "never"}, "execution": {"engine": "threads", "workers": 1}}
    return CompressJob(source=there, archive=archive, retention=retention, **plain, **settings)


def night_of(server: ObjectServer, there: str, is_versioned: bool) -> CompressJob:
    """A night over a bucket that keeps versions, or one that accepts that it keeps none."""
    if is_versioned:
        keep_versions(server)
        return night(there)
    return night(there, unversioned="accept")


@contextmanager
def meanwhile(job: CompressJob) -> Iterator[Future[CompressReport]]:
    """Run a night in another thread."""
    with ThreadPoolExecutor(1) as thread:
        yield thread.submit(compress, job)


def notes(server: ObjectServer, kind: str, archive: str = "a") -> set[str]:
    """Names of the fragments with a note of a kind."""
    return {
        name.removeprefix(f"_ae/{kind}/").removesuffix(".json")
        for name in read_tree(server, archive)
        if name.startswith(f"_ae/{kind}/")
    }


def other_content(folder: Path) -> bytes:
    """Another day, as somebody puts it at the name of the first."""
    table = pq.ParquetFile(folder / NAMES[1]).read()
    pq.write_table(table.slice(3), folder.parent / "other.parquet")
    return (folder.parent / "other.parquet").read_bytes()


def delete_plainly(server: ObjectServer, key: str) -> None:
    """Delete an object as a client without conditions does."""
    with closing(s3_client(server)) as client:
        client.delete_object(Bucket=server.container, Key=key)


def kept_versions(server: ObjectServer, prefix: str) -> set[tuple[str, int]]:
    """Keys and sizes of all versions that a bucket keeps."""
    with closing(s3_client(server)) as client:
        answer = client.list_object_versions(Bucket=server.container, Prefix=prefix)
    return {(one["Key"], one["Size"]) for one in answer.get("Versions", ())}


@S3
def test_verified_sources_are_deleted(
    object_server: ObjectServer, there: str, folder: Path, tmp_path: Path
) -> None:
    """A bucket that keeps versions loses the names, and no version; later nights have rest."""
    keep_versions(object_server)
    put_tree(object_server, folder, "s")
    report = compress(night(there))
    assert (report.retired, report.failures) == (NAMES, ())
    assert report.retired_bytes == sum((folder / name).stat().st_size for name in NAMES)
    assert read_tree(object_server, "s") == {}
    sizes = {(f"s/{name}", (folder / name).stat().st_size) for name in NAMES}
    assert kept_versions(object_server, "s/") == sizes
    assert notes(object_server, "retired") == set(NAMES)
    assert notes(object_server, "retiring") == set()
    later = compress(night(there))
    assert (later.failures, later.retired) == ((), ())
    assert {one.state for one in later.plan.fragments} == {"retired"}
    archive = night(there).archive
    assert not verify(VerifyJob(archive=archive, source=there)).failures
    assert not decode(DecodeJob(archive=archive, decoded=str(tmp_path / "d"))).failures
    assert pq.ParquetFile(tmp_path / "d" / NAMES[0]).metadata.num_rows == 40


@S3
def test_a_bucket_without_versions_is_refused(object_server: ObjectServer, there: str) -> None:
    """Nothing is written where a deletion would be for good, not even by a dry run."""
    for job in (night(there), night(there, backfill={"dry_run": True})):
        with pytest.raises(ConfigError, match=r"keeps no versions.*retention\.unversioned: accept"):
            compress(job)
    assert read_tree(object_server, "a") == {}
    assert len(read_tree(object_server, "s")) == 2


@S3
@pytest.mark.parametrize("target", ["versioning", "versions"])
def test_a_bucket_that_does_not_tell_is_refused(
    object_server: ObjectServer, at_proxy: FaultProxy, there: str, target: str
) -> None:
    """Who may not ask for versions is told so, and may accept that there are none."""
    keep_versions(object_server)
    at_proxy.inject(Answer(403), None, "GET", rf"\?{target}")
    with pytest.raises(StoreDeniedError):
        compress(night(there))
    assert read_tree(object_server, "a") == {}
    assert compress(night(there, unversioned="accept")).retired == NAMES


def test_deletion_for_good_can_be_accepted(object_server: ObjectServer, there: str) -> None:
    """With the setting, any store deletes what was verified."""
    job = night(there, unversioned="accept")
    report = compress(job)
    assert (report.retired, report.failures) == (NAMES, ())
    assert read_tree(object_server, "s") == {}
    assert compress(job).failures == ()


@S3
@pytest.mark.parametrize("is_local", ["source", "archive"])
def test_one_of_both_may_be_local(
    object_server: ObjectServer, there: str, folder: Path, tmp_path: Path, is_local: str
) -> None:
    """Files go once an archive in a store has them, and objects once one on this machine has."""
    keep_versions(object_server)
    source = str(folder) if is_local == "source" else there
    archive = str(tmp_path / "a") if is_local == "archive" else f"{object_server.uri}/a"
    for retired in (NAMES, ()):
        report = compress(night(source, archive=archive))
        assert (report.retired, report.failures) == (retired, ())
    assert (read_folder(folder) == {}) == (is_local == "source")
    assert (read_tree(object_server, "s") == {}) == (is_local == "archive")


@S3
@VERSIONED
def test_what_replaces_a_source_right_before_its_deletion_stays(
    object_server: ObjectServer,
    at_proxy: FaultProxy,
    there: str,
    folder: Path,
    is_versioned: bool,
) -> None:
    """An object that comes between the last look and the deletion stays, and is encoded later."""
    job, hang, content = (
        night_of(object_server, there, is_versioned),
        Hang(),
        other_content(folder),
    )
    at_proxy.inject(hang, 1, *DELETE)
    with meanwhile(job) as made:
        assert hang.reached.wait(60)
        open_store(object_server).put(KEY, content)
        hang.release()
    assert made.result().retired == NAMES[1:]
    assert read_tree(object_server, "s") == {NAMES[0]: content}
    assert notes(object_server, "retired") == {NAMES[1]}
    assert notes(object_server, "retiring") == set()
    assert compress(job).retired == NAMES[:1]


@MOTO
def test_a_server_without_conditions_gives_back(
    object_server: ObjectServer,
    at_proxy: FaultProxy,
    there: str,
    folder: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Where a server deletes whatever is there, what was hidden gets its name back."""
    hang, content = Hang(), other_content(folder)
    keep_versions(object_server)
    at_proxy.inject(hang, 1, *DELETE)
    at_proxy.inject(Unconditional(), None, *DELETE)
    with meanwhile(night(there)) as made:
        assert hang.reached.wait(60)
        open_store(object_server).put(KEY, content)
        hang.release()
    assert made.result().retired == NAMES[1:]
    assert "replaced during its deletion, kept" in caplog.text
    assert read_tree(object_server, "s") == {NAMES[0]: content}
    assert notes(object_server, "retired") == {NAMES[1]}
    assert compress(night(there)).retired == NAMES[:1]


@S3
@VERSIONED
def test_an_archive_file_that_changes_keeps_its_source(
    object_server: ObjectServer, at_proxy: FaultProxy, there: str, is_versioned: bool
) -> None:
    """A source stays if another archive file comes after the comparison."""
    hang = Hang()
    at_proxy.inject(hang, 1, "PUT", "_ae/retiring/day(=|%3D)1")
    with meanwhile(night_of(object_server, there, is_versioned)) as made:
        assert hang.reached.wait(60)
        open_store(object_server).put(f"a/{NAMES[0]}", b"PAR1 of somebody else PAR1")
        hang.release()
    report = made.result()
    assert report.retired == NAMES[1:]
    (failure,) = report.failures
    assert "archive file changed since it was verified" in failure.message
    assert set(read_tree(object_server, "s")) == {NAMES[0]}
    assert notes(object_server, "retired") == {NAMES[1]}
    assert notes(object_server, "retiring") == set()


@S3
@VERSIONED
@pytest.mark.parametrize("fault", [LoseAnswer(), LoseAnswer(504)], ids=["reset", "504"])
def test_a_lost_answer_is_no_doubt(
    object_server: ObjectServer,
    at_proxy: FaultProxy,
    there: str,
    is_versioned: bool,
    fault: Fault,
) -> None:
    """A deletion whose answer is lost counts, although the second try finds nothing."""
    at_proxy.inject(fault, 1, *DELETE)
    report = compress(night_of(object_server, there, is_versioned))
    assert (report.retired, report.failures) == (NAMES, ())
    assert notes(object_server, "retired") == set(NAMES)


@S3
def test_a_denied_deletion_leaves_no_note(
    object_server: ObjectServer, at_proxy: FaultProxy, there: str
) -> None:
    """A source that may not be deleted stays, and the run says so."""
    keep_versions(object_server)
    at_proxy.inject(Answer(403), None, *DELETE)
    report = compress(night(there))
    assert report.retired == NAMES[1:]
    assert [one.relative for one in report.failures] == [NAMES[0]]
    assert notes(object_server, "retired") == {NAMES[1]}
    assert notes(object_server, "retiring") == set()


@S3
@VERSIONED
@pytest.mark.parametrize("delete", ["never", "after_verify"])
@pytest.mark.parametrize(
    "step",
    [("PUT", "_ae/retired/day(=|%3D)1"), DELETE, ("HEAD", "_ae/retired/day(=|%3D)1")],
    ids=["noted", "about to", "deleted"],
)
def test_a_kill_is_put_right(
    object_server: ObjectServer,
    at_proxy: FaultProxy,
    there: str,
    is_versioned: bool,
    delete: str,
    step: Any,
) -> None:
    """After a kill at any step the next run tells what is deleted, and finishes what it may."""
    job, hang = night_of(object_server, there, is_versioned), Hang()
    at_proxy.inject(hang, None, *step)
    at_proxy.inject(Hang(), None, "PUT", "_ae/retiring/day(=|%3D)2")  # which is done beside it
    command = [sys.executable, "-c", NIGHT, job.model_dump_json()]
    with subprocess.Popen(command, env={**os.environ}) as process:
        assert hang.reached.wait(60)
        process.send_signal(signal.SIGKILL)
    at_proxy.clear()
    was_deleted = KEY not in {f"s/{name}" for name in read_tree(object_server, "s")}
    retention = job.retention.model_copy(update={"delete_source": delete})
    report = compress(job.model_copy(update={"retention": retention}))
    assert report.failures == ()
    assert notes(object_server, "retiring") == set()
    left = set(read_tree(object_server, "s"))
    assert left == (set(NAMES[was_deleted:]) if delete == "never" else set())
    assert notes(object_server, "retired") == set(NAMES) - left
    assert compress(job).failures == ()
    assert notes(object_server, "retired") == set(NAMES)
    assert not verify(VerifyJob(archive=job.archive, source=there)).failures


@pytest.fixture
def begun(object_server: ObjectServer, there: str) -> CompressJob:
    """A night that has encoded both days; of the first, the notes of a deletion."""
    keep_versions(object_server)
    compress(night(there, "never"))
    with closing(s3_client(object_server)) as client:
        head = client.head_object(Bucket=object_server.container, Key=KEY)
    note = {"source_etag": head["ETag"], "source_version": head.get("VersionId", "null")}
    with visiting([f"{object_server.uri}/a"]):
        for kind in ("retiring", "retired"):
            write_note(place(f"{object_server.uri}/a"), kind, NAMES[0], note)  # type: ignore[arg-type]
    return night(there)


@S3
def test_what_a_killed_run_hid_comes_back(
    object_server: ObjectServer, begun: CompressJob, there: str, folder: Path
) -> None:
    """A version that came right before the deletion of a killed run gets its name back."""
    content = other_content(folder)
    open_store(object_server).put(KEY, content)
    for _ in range(2):  # a request that was sent twice
        delete_plainly(object_server, KEY)
    with visiting([begun.source, begun.archive]):
        finish_retiring(begun)
        states = {one.relative: one.state for one in plan_backfill(begun).fragments}
    assert states == {NAMES[0]: "stale", NAMES[1]: "current"}
    assert read_tree(object_server, "s")[NAMES[0]] == content
    assert notes(object_server, "retired") | notes(object_server, "retiring") == set()


@S3
def test_what_comes_after_a_deletion_is_told_from_it(
    object_server: ObjectServer, begun: CompressJob, folder: Path
) -> None:
    """An object that came after the deletion of a killed run is for a person to decide."""
    delete_plainly(object_server, KEY)
    open_store(object_server).put(KEY, other_content(folder))
    report = compress(begun)
    (failure,) = report.failures
    assert failure.relative == NAMES[0]
    assert notes(object_server, "retired") == set(NAMES)
    assert notes(object_server, "retiring") == set()


@S3
def test_what_others_deleted_later_stays_deleted(
    object_server: ObjectServer, begun: CompressJob, folder: Path
) -> None:
    """A later version that somebody has deleted since does not come back."""
    delete_plainly(object_server, KEY)
    open_store(object_server).put(KEY, other_content(folder))
    delete_plainly(object_server, KEY)
    assert compress(begun).failures == ()
    assert read_tree(object_server, "s") == {}
    assert notes(object_server, "retired") == set(NAMES)


@S3
def test_a_run_that_begins_meanwhile_takes_no_note_away(
    object_server: ObjectServer, at_proxy: FaultProxy, there: str
) -> None:
    """A deletion that another run took for an interrupted one is noted in the end."""
    keep_versions(object_server)
    job, hang = night(there), Hang()
    at_proxy.inject(hang, 1, *DELETE)
    with meanwhile(job) as made:
        assert hang.reached.wait(60)
        command = [sys.executable, "-c", NIGHT, night(there, "never").model_dump_json()]
        subprocess.run(command, check=True, env={**os.environ})
        assert NAMES[0] not in notes(object_server, "retired")
        hang.release()
    assert made.result().retired == NAMES
    assert notes(object_server, "retired") == set(NAMES)


@S3
def test_notes_are_not_fetched_every_night(
    object_server: ObjectServer, at_proxy: FaultProxy, there: str
) -> None:
    """Of what was deleted on earlier nights no note is read again."""
    keep_versions(object_server)
    compress(night(there))
    at_proxy.clear()
    compress(night(there))
    assert [one.target for one in at_proxy.exchanges if "_ae/reti" in one.target] == []


@S3
@pytest.mark.parametrize("is_begun", [True, False], ids=["begun", "deleted"])
def test_a_run_that_replaces_an_archive_file_whose_source_goes_puts_it_back(
    object_server: ObjectServer, there: str, is_begun: bool
) -> None:
    """The verified archive file gets its name back if its source is deleted at this moment."""
    compress(night(there, "never"))
    good = read_tree(object_server, "a")[NAMES[0]]
    archive = f"{object_server.uri}/a"
    with visiting([there, archive]):
        root = place(archive)
        note = {"archive_sha256": file_hash(root / NAMES[0])}

        def replace_it() -> None:
            with replacing(root, NAMES[0], place(there) / NAMES[0]) as keep:
                keep()
                publish_bytes(root / NAMES[0], b"coarser")
                write_note(root, "retiring" if is_begun else "retired", NAMES[0], note)
                if not is_begun:
                    delete_plainly(object_server, KEY)

        with pytest.raises(SourceChangedError, match="deleted by another run"):
            replace_it()
        assert (root / NAMES[0]).read_bytes() == good
        assert set(read_notes(root, "retired")) == (set() if is_begun else {NAMES[0]})
    assert read_tree(object_server, "a")[NAMES[0]] == good
