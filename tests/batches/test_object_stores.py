"""Batches whose files and codecs lie in an object store: the same bytes, by URI alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from ae_pipeline import DecodeJob, EncodeJob
from ae_pipeline.batches import (
    decode_files,
    encode_files,
    encode_rows,
    plan_decode_files,
    plan_encode_files,
)
from ae_pipeline.storage import private_folder
from ae_pipeline.verbs import decode
from tests.support.data.datasets import PARTITIONS, read_table
from tests.support.object_servers.containers import make_container
from tests.support.object_servers.server import ObjectServer
from tests.support.object_servers.trees import put_tree, read_folder, read_tree

pytestmark = pytest.mark.heavy
NAMES = [f"{partition}/part-0.parquet" for partition in PARTITIONS]


@pytest.fixture
def server(moto_server: ObjectServer, monkeypatch: pytest.MonkeyPatch) -> ObjectServer:
    """A container of its own, known to the environment."""
    made = make_container(moto_server.named("batches"))
    for name, value in made.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_ALLOW_HTTP", "true")
    return made


def test_batches_by_uri(source: Path, features: Path, server: ObjectServer, tmp_path: Path) -> None:
    """Files are those of local runs, repeated or not, and so are latents, by dataset or codec."""
    (codec,) = (private_folder(features) / "codecs").iterdir()
    there, mine = put_tree(server, source, "source"), f"{server.uri}/mine"
    job, files = plan_encode_files(EncodeJob(source=there, features=mine, codec=str(codec)))
    assert files == NAMES
    states = [encode_files(job, part)[0]["state"] for part in (files[:1], files[1:], files[:1])]
    assert states == ["written", "written", "current"]
    written, local = read_tree(server, "mine"), read_folder(features)
    assert {name: written[name] for name in NAMES} == {name: local[name] for name in NAMES}

    rows = read_table(source / NAMES[0])
    for place in (mine, f"{mine}/_ae/codecs/{codec.name}"):
        assert encode_rows(rows, place).equals(read_table(features / NAMES[0]))

    decode(DecodeJob(features=str(features), decoded=str(tmp_path / "verb")))
    plan = plan_decode_files(DecodeJob(features=mine, decoded=f"{server.uri}/decoded"))
    assert [one["state"] for one in decode_files(*plan)] == ["written"] * 3
    decoded, local = read_tree(server, "decoded"), read_folder(tmp_path / "verb")
    assert {name: decoded[name] for name in NAMES} == {name: local[name] for name in NAMES}
