"""gc aborts the multipart uploads to S3 that a kill cut short, and those alone."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from ae_pipeline.report.gc import garbage_line, garbage_table
from ae_pipeline.storage import Marker
from ae_pipeline.storage.layout import write_marker
from ae_pipeline.verbs import gc
from tests.support.object_servers.containers import s3_client
from tests.support.object_servers.faults import Answer, Hang
from tests.support.object_servers.proxy import FaultProxy
from tests.support.object_servers.server import ObjectServer
from tests.support.object_servers.trees import put_tree, read_tree

pytestmark = [
    pytest.mark.heavy,
    pytest.mark.parametrize("object_server", ["moto", "seaweedfs"], indirect=True),
]

KEY = "day=1/part-0.parquet"
PART_BYTES = 16 << 20
HOUR_S = 3600.0
#: It publishes a fragment of seven parts, of which four are sent at a time.
PUBLISH = """
import sys
from ae_pipeline.publish import publishing
from ae_pipeline.store import place, visiting
with visiting([sys.argv[1]]), publishing(place(sys.argv[1]) / sys.argv[2]) as file:
    file.write_bytes(bytes(100 << 20))
"""


@pytest.fixture
def archive(fault_path: FaultProxy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """An archive without fragments, by way of the proxy."""
    for name, value in fault_path.server.environment.items():
        monkeypatch.setenv(name, value)
    write_marker(tmp_path / "a", Marker("archive", "0" * 20))
    return put_tree(fault_path.server, tmp_path / "a", "a")


@pytest.fixture
def killed(fault_path: FaultProxy, archive: str) -> str:
    """The archive after a kill in the midst of a fragment."""
    fault_path.inject(Hang(), None, "PUT", "partNumber=[2-4](&|$)")
    hang = Hang()  # the fifth is sent once one of four has come: nothing is on its way then
    fault_path.inject(hang, None, "PUT", "partNumber=5")
    command = [sys.executable, "-c", PUBLISH, archive, KEY]
    with subprocess.Popen(command, env={**os.environ}) as client:
        assert hang.reached.wait(60)
        client.kill()
    fault_path.clear()
    return archive


def uploads(server: ObjectServer) -> list[Any]:
    """The keys of all uploads that have not ended."""
    with closing(s3_client(server)) as client:
        answer = client.list_multipart_uploads(Bucket=server.container)
    return [one["Key"] for one in answer.get("Uploads", ())]


def begin(server: ObjectServer, key: str) -> None:
    """Begin an upload, and send no part of it."""
    with closing(s3_client(server)) as client:
        client.create_multipart_upload(Bucket=server.container, Key=key)


def test_what_a_kill_left_is_aborted(killed: str, object_server: ObjectServer) -> None:
    """A fragment whose upload was killed midway leaves parts, which gc counts and aborts."""
    before = read_tree(object_server, "a")
    assert uploads(object_server) == [f"a/{KEY}"]
    collected = gc(killed, 0.0)
    assert uploads(object_server) == []
    assert [one.relative for one in collected.garbage] == [KEY]
    assert collected.n_uploads == 1
    assert collected.size_bytes == collected.upload_bytes == PART_BYTES
    assert garbage_line(collected).startswith("1 upload that never ended (16,777,216 bytes) freed")
    assert garbage_table(collected).rows[0][2] == "an upload that never ended"
    assert read_tree(object_server, "a") == before
    assert gc(killed, 0.0).garbage == ()


def test_a_dry_run_aborts_none(killed: str, object_server: ObjectServer) -> None:
    """A dry run counts what a run then aborts."""
    planned = gc(killed, 0.0, is_dry_run=True)
    assert uploads(object_server) == [f"a/{KEY}"]
    assert gc(killed, 0.0).garbage == planned.garbage


def test_the_young_stay(killed: str, object_server: ObjectServer) -> None:
    """An upload with a part within the grace period may still go on."""
    kept = gc(killed, HOUR_S)
    assert uploads(object_server) == [f"a/{KEY}"]
    assert (kept.garbage, kept.n_uploads) == ((), 0)
    assert [one.relative for one in kept.young] == [KEY]


def test_uploads_of_others_stay(archive: str, object_server: ObjectServer) -> None:
    """Uploads beside the dataset stay; those without parts are as old as their beginning."""
    for key in ("ab/x", "b/a/x", "a/x", "a/x"):
        begin(object_server, key)
    if object_server.kind != "moto":  # to which all uploads began in 2010
        assert not gc(archive, HOUR_S).garbage
    collected = gc(archive, 0.0)
    assert [(one.relative, one.size_bytes) for one in collected.garbage] == [("x", 0)] * 2
    assert sorted(uploads(object_server)) == ["ab/x", "b/a/x"]


@pytest.mark.parametrize(
    ("operation", "target", "status"), [("GET", "uploads", 403), ("DELETE", "uploadId", 403)]
)
def test_denial_is_a_warning(
    archive: str,
    object_server: ObjectServer,
    fault_path: FaultProxy,
    operation: Any,
    target: str,
    status: int,
) -> None:
    """Whoever may not list or abort uploads is told so; all else is collected."""
    begin(object_server, "a/x")
    fault_path.inject(Answer(status), None, operation, target)
    collected = gc(archive, 0.0)
    assert collected.garbage == ()
    (warning,) = collected.warnings
    assert warning.startswith("uploads that never ended stay: store")
    assert archive in warning
    assert uploads(object_server) == ["a/x"]


def test_without_boto3(archive: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without boto3 a warning says what was not looked for, and how to install it."""
    monkeypatch.setitem(sys.modules, "boto3", None)
    (warning,) = gc(archive, 0.0).warnings
    assert 'pip install "ae-pipeline[cloud]"' in warning
