"""Files of a planned job, a few at a time: the verb's bytes, a record each, safe to repeat."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from ae_pipeline import DecodeJob, EncodeJob, batches
from ae_pipeline.batches import decode_files, encode_files, plan_decode_files, plan_encode_files
from ae_pipeline.errors import ConfigError, DestinationError
from ae_pipeline.storage import private_folder
from ae_pipeline.verbs import decode, encode
from tests.support.data.datasets import PARTITIONS, mixed_tree, read_table

NAMES = [f"{partition}/part-0.parquet" for partition in PARTITIONS]
QUICK = {"planner": {"learn": "never"}, "tolerance": {"relative": 0.01}}
WORKER = """
import json, sys
from ae_pipeline import batches
kind, job, files = json.loads(sys.argv[1])
records = getattr(batches, kind)(job, files)
loaded = sorted({"tensorflow", "keras", "prefect"} & set(sys.modules))
print(json.dumps([records, loaded]))
"""


def archive_job(source: Path, archive: Path) -> EncodeJob:
    """A job that trains nothing."""
    return EncodeJob(source=str(source), archive=str(archive), **QUICK)


@pytest.fixture(scope="module")
def archive(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the verb writes."""
    folder = tmp_path_factory.mktemp("archive") / "mixed"
    encode(archive_job(source, folder))
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    """The bytes of every file of a dataset that has rows."""
    files = (path for path in folder.rglob("*.parquet") if "_ae" not in path.parts)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def elsewhere(kind: str, job: str, files: list[str]) -> list[batches.FileRecord]:
    """The records of a process that is sent nothing but text, and loads no TensorFlow."""
    sent = json.dumps([kind, job, files])
    done = subprocess.run(
        [sys.executable, "-c", WORKER, sent], capture_output=True, text=True, check=True
    )
    records, loaded = json.loads(done.stdout)
    assert loaded == []
    return records


def test_files_are_those_of_the_verb(source: Path, archive: Path, tmp_path: Path) -> None:
    """Encoded one by one in other processes, files have the bytes of the verb's, and a record."""
    job, files = plan_encode_files(archive_job(source, tmp_path / "mine"))
    assert files == NAMES
    records = [record for name in files for record in elsewhere("encode_files", job, [name])]
    assert contents(tmp_path / "mine") == contents(archive)
    sizes = {name: len(content) for name, content in contents(archive).items()}
    assert [(one["path"], one["bytes"]) for one in records] == [(n, sizes[n]) for n in NAMES]
    assert {(one["state"], one["rows"], one["error"]) for one in records} == {
        ("written", 300, None)
    }


def test_features_are_those_of_the_verb(source: Path, features: Path, tmp_path: Path) -> None:
    """So are features, by a codec that the job names."""
    (codec,) = (private_folder(features) / "codecs").iterdir()
    mine = tmp_path / "mine"
    plan = plan_encode_files(EncodeJob(source=str(source), features=str(mine), codec=str(codec)))
    encode_files(*plan)
    assert contents(mine) == contents(features)


def test_a_batch_may_run_twice(source: Path, tmp_path: Path) -> None:
    """Files that are current are left alone, and so does the verb afterwards, which reports all."""
    mine = tmp_path / "mine"
    job, files = plan_encode_files(archive_job(source, mine))
    encode_files(job, files[:2])
    before = {path: path.stat().st_ino for path in mine.rglob("*.parquet")}
    again = encode_files(job, [*files, *files], workers=2)
    assert [one["state"] for one in again] == ["current", "current", "written"]
    assert {path: path.stat().st_ino for path in before} == before
    report = encode(archive_job(source, mine))
    assert (len(report.fragments), report.n_written) == (3, 0)


def test_decoded_files_are_those_of_the_verb(archive: Path, source: Path, tmp_path: Path) -> None:
    """Decoded in another process, files have the bytes of the verb's; twice does no harm."""
    decode(DecodeJob(archive=str(archive), decoded=str(tmp_path / "verb")))
    job, files = plan_decode_files(DecodeJob(archive=str(archive), decoded=str(tmp_path / "mine")))
    assert files == NAMES
    for _ in range(2):
        records = elsewhere("decode_files", job, files)
        assert contents(tmp_path / "mine") == contents(tmp_path / "verb")
    sizes = {name: len(content) for name, content in contents(tmp_path / "verb").items()}
    assert {one["path"]: one["bytes"] for one in records} == sizes


def test_what_the_job_selects_is_decoded(archive: Path, tmp_path: Path) -> None:
    """Partitions and columns are chosen by the plan, and each batch holds to it."""
    selection = {"partitions": ["day=1", "day=2"], "columns": ["a*"], "row_groups": [0]}
    both = {}
    for name in ("verb", "mine"):
        folder = tmp_path / name
        both[name] = DecodeJob(archive=str(archive), decoded=str(folder), selection=selection)
    decode(both["verb"])
    job, files = plan_decode_files(both["mine"])
    assert files == NAMES[:2]
    for name in files:
        assert decode_files(job, [name])[0]["error"] is None
    assert contents(tmp_path / "mine") == contents(tmp_path / "verb")
    assert read_table(tmp_path / "mine" / NAMES[0]).column_names == ["alpha", "at"]


def test_values_are_compared_with_a_source(archive: Path, tmp_path: Path) -> None:
    """With a source, a file that is not what was encoded is a record that says so."""
    other = mixed_tree(tmp_path / "other")
    (other / NAMES[0]).write_bytes((other / NAMES[1]).read_bytes())
    plan = plan_decode_files(
        DecodeJob(archive=str(archive), decoded=str(tmp_path / "mine"), source=str(other))
    )
    records = decode_files(*plan)
    assert [one["state"] for one in records] == ["failed", "written", "written"]


def test_one_bad_file_is_one_record(tmp_path: Path) -> None:
    """Damaged and missing files fail, alone in their batch or not; the others are written."""
    source = mixed_tree(tmp_path / "source")
    job, files = plan_encode_files(archive_job(source, tmp_path / "mine"))
    (source / NAMES[0]).write_bytes(b"PAR1 no PAR1")
    (source / NAMES[1]).unlink()
    damaged, gone, good = encode_files(job, files)
    assert [one["state"] for one in (damaged, gone, good)] == ["failed", "failed", "written"]
    for record in (damaged, gone):
        assert record["path"] in str(record["error"])
        assert "\n" not in str(record["error"])
    decoding, _ = plan_decode_files(
        DecodeJob(archive=str(tmp_path / "mine"), decoded=str(tmp_path / "decoded"))
    )
    (tmp_path / "mine" / NAMES[2]).write_bytes(b"PAR1 no PAR1")
    (record,) = decode_files(decoding, [NAMES[2]])
    assert (record["state"], record["rows"], record["bytes"]) == ("failed", 0, 0)
    assert NAMES[2] in str(record["error"])


def test_a_source_stays_as_it_is(source: Path, archive: Path, tmp_path: Path) -> None:
    """Workers write nothing over what they read, wherever links lead."""
    job, files = plan_encode_files(archive_job(source, tmp_path / "mine"))
    (tmp_path / "mine" / PARTITIONS[0]).symlink_to(source / PARTITIONS[0])
    before = contents(source)
    (record,) = encode_files(job, files[:1])
    assert "would be written over what is read" in str(record["error"])
    assert contents(source) == before


@pytest.mark.parametrize("text", ["", "{}", '{"sauce": 1}', "[]"])
def test_text_that_is_no_job_is_refused(text: str) -> None:
    """A job that cannot be read is an error of one line, for either function."""
    for act in (encode_files, decode_files):
        with pytest.raises(ConfigError) as caught:
            act(text, NAMES)
        assert "\n" not in str(caught.value)


def test_threads_are_counted(source: Path, archive: Path, tmp_path: Path) -> None:
    """No threads at all are an error of one line."""
    job, files = plan_encode_files(archive_job(source, tmp_path / "mine"))
    with pytest.raises(ConfigError, match="no number of threads"):
        encode_files(job, files, workers=0)


def test_a_job_without_a_plan_is_refused(source: Path, archive: Path, tmp_path: Path) -> None:
    """Workers choose no codec and claim no folder: nothing is written without a plan."""
    mine = tmp_path / "mine"
    encoding = archive_job(source, mine).model_dump_json(exclude_defaults=True)
    decoding = json.dumps({"archive": str(archive), "decoded": str(mine)})
    for act, job in ((encode_files, encoding), (decode_files, decoding)):
        with pytest.raises(DestinationError, match="plan the job first"):
            act(job, NAMES)
    assert not mine.exists()
