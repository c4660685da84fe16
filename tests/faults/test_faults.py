"""Whole commands that are killed, stopped, starved and deceived: nothing half, nothing lost.

Each fault hits a real process at a definite point of its work.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ae_pipeline.config.job import EncodeJob
from ae_pipeline.verbs import encode, gc
from tests.conftest import Mount
from tests.support.codec.trees import has_json
from tests.support.data.datasets import mixed_table, write_tree
from tests.support.jobs.processes import (
    STOP_CODES,
    Running,
    assert_complete,
    assert_same_files,
    assert_whole,
    half_files,
    many_fragments,
    published,
    run,
)

pytestmark = pytest.mark.heavy

N_FRAGMENTS = 60
each_stop = pytest.mark.parametrize("stop", STOP_CODES, ids=lambda stop: stop.name)


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Many small fragments; nobody may change them."""
    return many_fragments(tmp_path_factory.mktemp("faults") / "source", N_FRAGMENTS)


@pytest.fixture(scope="module")
def archive(source: Path) -> Path:
    """An archive of the source that nobody disturbed; nobody may change it."""
    archive = source.parent / "archive"
    encode(EncodeJob(source=str(source), archive=str(archive), planner={"learn": "never"}))
    return archive


@pytest.fixture(scope="module")
def codec(archive: Path) -> Path:
    """A codec of the source."""
    (directory,) = (archive / "_ae" / "codecs").iterdir()
    return directory


@pytest.fixture
def own_source(source: Path, tmp_path: Path) -> Path:
    """A copy of the source that a test may change."""
    return Path(shutil.copytree(source, tmp_path / "source"))


@each_stop
def test_stopped_encode(stop: signal.Signals, source: Path, codec: Path, tmp_path: Path) -> None:
    """A killed encode leaves fragments that are whole, a stopped one nothing else; both go on."""
    archive = tmp_path / "archive"
    command = ("encode", source, archive, "--codec", codec)
    with Running(*command) as running:
        running.wait_until(lambda: published(archive))
        running.send(stop)
        assert running.end() == STOP_CODES[stop]
        assert ("run again" in running.output) == (stop != signal.SIGKILL)
    assert len(published(archive)) < N_FRAGMENTS
    assert half_files(archive) == [] or stop == signal.SIGKILL
    assert_whole(archive, source)
    run(*command)
    assert_complete(archive, source)
    gc(str(archive), grace_s=0.0)
    assert half_files(archive) == []
    assert_complete(archive, source)


@each_stop
def test_stopped_decode(stop: signal.Signals, archive: Path, tmp_path: Path) -> None:
    """A killed decode leaves tables that are whole, a stopped one nothing else; both go on."""
    decoded = tmp_path / "decoded"
    command = ("decode", archive, decoded)
    with Running(*command) as running:
        running.wait_until(lambda: published(decoded))
        running.send(stop)
        assert running.end() == STOP_CODES[stop]
    assert 0 < len(published(decoded)) < N_FRAGMENTS
    assert half_files(decoded) == [] or stop == signal.SIGKILL
    for path in published(decoded):
        assert pq.read_table(path).num_rows == pq.read_metadata(archive / path.name).num_rows
    run(*command)
    run("decode", archive, tmp_path / "peaceful")
    assert_same_files(decoded, tmp_path / "peaceful")


def test_stopped_verify(source: Path, archive: Path) -> None:
    """Verify ends with the code of its signal, too."""
    with Running("verify", archive, "--source", source, "-v") as running:
        running.wait_until(lambda: "verified part-0" in running.output)
        running.send(signal.SIGTERM)
        assert running.end() == STOP_CODES[signal.SIGTERM]
        assert "run again" in running.output


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_stopped_fit(tmp_path: Path) -> None:
    """A fit that was stopped in every way, one after the other, goes on and ends with a codec."""
    source, codec = many_fragments(tmp_path / "source", 3), tmp_path / "codec"
    command = ("fit", source, "--codec", codec, "--latent-dim", "2", "--epochs", "200", "-v")
    often = ("--set", "training.checkpoint_s=0", "--set", "training.max_steps=null")
    left_by_kill: list[Path] = []
    for number, stop in enumerate(STOP_CODES):
        with Running(*command, *often) as running:
            # The checkpoint of a former process is there already: wait for a newer one.
            before = {path: path.stat().st_mtime_ns for path in codec.rglob("*.safetensors")}
            running.wait_until(
                lambda before=before: any(
                    path.stat().st_mtime_ns != before.get(path)
                    for path in codec.rglob("[!.]*.safetensors")
                )
            )
            running.send(stop)
            assert running.end() == STOP_CODES[stop]
            assert ("resuming training" in running.output) == (number > 0)
        assert list(codec.rglob("training.safetensors"))
        # What a kill leaves half written goes with the checkpoint, once the fit is done.
        left_by_kill += half_files(codec) if stop == signal.SIGKILL else []
        assert set(half_files(codec)) <= set(left_by_kill)
        assert not has_json(codec)
    assert "resuming training" in run(*command, *often)
    assert has_json(codec)
    assert half_files(codec) == []


def test_source_that_does_not_answer(own_source: Path, codec: Path, tmp_path: Path) -> None:
    """A process of which a worker hangs can be stopped; a re-run does the rest."""
    archive = tmp_path / "archive"
    hanging = own_source / f"part-{N_FRAGMENTS - 1}.parquet"
    command = ("encode", own_source, archive, "--codec", codec)
    with Running(*command) as running:
        running.wait_until(lambda: published(archive))
        running.send(signal.SIGSTOP)  # long before it comes to the last one
        assert len(published(archive)) < N_FRAGMENTS - 1
        answering = hanging.rename(tmp_path / "answering")
        os.mkfifo(hanging)
        running.send(signal.SIGCONT)
        running.wait_until(lambda: len(published(archive)) == N_FRAGMENTS - 1)
        running.wait_until_idle()
        running.send(signal.SIGTERM)
        assert running.end() == STOP_CODES[signal.SIGTERM]
        assert "does not answer" in running.output
    assert half_files(archive) == []
    answering.replace(hanging)
    run(*command)
    assert_complete(archive, own_source)


def test_a_pipe_among_the_sources_is_told(own_source: Path, codec: Path, tmp_path: Path) -> None:
    """What is no file cannot hang a job: it is left out by name, and the others finish."""
    pipe = own_source / "pipe.parquet"
    os.mkfifo(pipe)
    output = run("encode", own_source, tmp_path / "archive", "--codec", codec)
    assert "pipe.parquet" in output
    pipe.unlink()
    assert_complete(tmp_path / "archive", own_source)


def test_destination_that_does_not_answer(source: Path, archive: Path, tmp_path: Path) -> None:
    """A second signal ends a hanging process at once; a re-run does the rest."""
    archive = Path(shutil.copytree(archive, tmp_path / "archive"))
    hanging = archive / "part-40.parquet"
    hanging.unlink()
    os.mkfifo(hanging)
    command = ("encode", source, archive)
    with Running(*command) as running:
        running.wait_until_idle()
        running.send(signal.SIGINT)
        running.wait_until(lambda: not running.minds(signal.SIGINT))
        running.send(signal.SIGINT)
        assert running.end() == -signal.SIGINT
    hanging.unlink()
    run(*command)
    assert_complete(archive, source)


def test_destination_that_does_not_answer_to_a_plan(
    source: Path, archive: Path, tmp_path: Path
) -> None:
    """A process that hangs while it looks for what is to be done can be stopped."""
    archive = Path(shutil.copytree(archive, tmp_path / "archive"))
    hanging = archive / "part-40.parquet"
    hanging.unlink()
    os.mkfifo(hanging)
    with Running("compress", source, archive) as running:
        running.wait_until_idle()
        running.send(signal.SIGTERM)
        assert running.end() == STOP_CODES[signal.SIGTERM]
        assert "part-40.parquet" in running.output


@pytest.mark.parametrize(("verb", "size"), [("encode", "200k"), ("decode", "400k")])
def test_disk_that_runs_full(
    verb: str, size: str, mount_disk: Mount, source: Path, archive: Path, codec: Path
) -> None:
    """A full disk fails what does not fit in one line each; with more space a re-run does it."""
    disk = mount_disk(f"size={size}")
    written = disk / "written"
    command = {
        "encode": ("encode", source, written, "--codec", codec),
        "decode": ("decode", archive, written),
    }[verb]
    with Running(*command) as running:
        assert running.end() == 1
        assert "disk full" in running.output
        assert "Traceback" not in running.output
    assert 0 < len(published(written)) < N_FRAGMENTS
    assert half_files(written) == []
    for path in published(written):
        assert pq.read_table(path).num_rows > 0
    remount(disk, "size=20m")
    run(*command)
    assert len(published(written)) == N_FRAGMENTS
    if verb == "encode":
        assert_complete(written, source)


def test_disk_that_becomes_read_only(mount_disk: Mount, source: Path, codec: Path) -> None:
    """A disk that turns read-only is told as that; writable again, a re-run does the rest."""
    disk = mount_disk("size=20m")
    archive = disk / "archive"
    command = ("encode", source, archive, "--codec", codec, "--workers", 1)
    with Running(*command) as running:
        running.wait_until(lambda: published(archive))
        # Refused while a file is open for writing: between two fragments there is none.
        running.wait_until(lambda: remount(disk, "ro"))
        assert running.end() == 1
        assert "Read-only" in running.output
        assert "Traceback" not in running.output
    assert_whole(archive, source)
    assert remount(disk, "rw")
    run(*command)
    assert_complete(archive, source)


def remount(disk: Path, options: str) -> bool:
    """Change the options of a mounted disk; whether that was possible."""
    command = ["mount", "-o", f"remount,{options}", str(disk)]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def test_source_that_changes_before_it_is_read(
    own_source: Path, codec: Path, tmp_path: Path
) -> None:
    """A fragment deleted or cut off meanwhile fails by name, one rewritten is taken as it is."""
    archive = tmp_path / "archive"
    gone, cut, rewritten = (own_source / f"part-{number}.parquet" for number in (57, 58, 59))
    command = ("encode", own_source, archive, "--codec", codec)
    with Running(*command, "--workers", 1) as running:
        running.wait_until(lambda: published(archive))
        running.send(signal.SIGSTOP)
        assert len(published(archive)) < N_FRAGMENTS - 3
        gone.unlink()
        cut.write_bytes(cut.read_bytes()[:1000])
        pq.write_table(mixed_table(7), rewritten)
        running.send(signal.SIGCONT)
        assert running.end() == 1
        assert f"cannot read: {gone}" in running.output
        assert f"not a readable Parquet file: {cut.name}" in running.output
        assert f"2 of {N_FRAGMENTS} fragments failed" in running.output
    assert {path.name for path in published(archive)} == {
        path.name for path in published(own_source)
    } - {cut.name}
    assert half_files(archive) == []
    pq.write_table(mixed_table(8), cut)
    run(*command)
    assert_complete(archive, own_source)


def test_source_that_changes_while_it_is_read(tmp_path: Path, codec: Path) -> None:
    """A fragment that is replaced in the middle of its encoding is not published as something."""
    tables = {"part-0.parquet": mixed_table(0), "part-1.parquet": long_table()}
    source = write_tree(tmp_path / "source", tables, row_group_size=10_000)
    archive, changing = tmp_path / "archive", source / "part-1.parquet"
    command = ("encode", source, archive, "--codec", codec)
    with Running(*command) as running:
        # With a row group in the half file, the source is open and being read.
        running.wait_until(lambda: [p for p in half_files(archive) if _is_begun(p, "part-1")])
        running.send(signal.SIGSTOP)
        assert [path.name for path in published(archive) if path.name != "part-0.parquet"] == []
        pq.write_table(mixed_table(5), tmp_path / "other.parquet")
        (tmp_path / "other.parquet").replace(changing)
        running.send(signal.SIGCONT)
        assert running.end() == 1
        assert "source changed while it was encoded" in running.output
        assert str(changing) in running.output
    assert [path.name for path in published(archive)] == ["part-0.parquet"]
    assert half_files(archive) == []
    run(*command)
    assert_complete(archive, source)


def _is_begun(path: Path, name: str) -> bool:
    """Whether a half file of a fragment holds more than Parquet's first bytes."""
    try:
        return name in path.name and path.stat().st_size > len(b"PAR1")
    except FileNotFoundError:  # published since it was listed
        return False


def long_table() -> pa.Table:
    """So many rows of the same columns that encoding them takes seconds."""
    table = mixed_table(0, 5000)
    return pa.concat_tables([table] * 60).unify_dictionaries()


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT], ids=lambda stop: stop.name)
def test_large_fragment_is_given_up(stop: signal.Signals, codec: Path, tmp_path: Path) -> None:
    """A signal in the middle of a fragment ends it at its next batch, not at its last one."""
    source = write_tree(tmp_path / "source", {"part-0.parquet": long_table()})
    archive = tmp_path / "archive"
    with Running("encode", source, archive, "--codec", codec) as running:
        running.wait_until(lambda: half_files(archive))
        running.send(stop)
        assert running.end() == STOP_CODES[stop]
    assert published(archive) == []
    assert half_files(archive) == []


@pytest.mark.parametrize("verb", ["encode", "backfill"])
def test_two_at_once(verb: str, source: Path, tmp_path: Path) -> None:
    """Two runs over one archive both succeed, and it is as if there had been one."""
    archive = tmp_path / "archive"
    command = (
        verb,
        source,
        archive,
        "--set",
        "planner.learn=linear",
        "--set",
        "planner.budget_s=0",
    )
    with Running(*command) as first, Running(*command) as second:
        assert first.end() == 0, first.output
        assert second.end() == 0, second.output
    assert half_files(archive) == []
    assert_complete(archive, source)
    assert len(list((archive / "_ae" / "codecs").iterdir())) == 1


@pytest.mark.timeout(240)
@pytest.mark.parametrize(
    "verb",
    [
        "encode",
        "backfill",
        "decode",
    ],
)
def test_kill_at_every_point(verb: str, tmp_path: Path) -> None:
    """Whatever change of the file system a kill comes before or after, a re-run brings all right.

    The backfill goes from one codec to another.
    """
    with Running(verb, tmp_path, module="tests.support.faults.crash_points") as running:
        assert running.end() == 0, running.output
