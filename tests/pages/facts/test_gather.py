"""Facts from object stores: by URI, as from folders."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from ae_pipeline.config.job import DecodeJob
from ae_pipeline.pages import leave_page, page_of, write_page
from ae_pipeline.storage import PRIVATE_FOLDER, private_folder
from ae_pipeline.verbs import decode
from tests.support.html_pages import check_page
from tests.support.object_servers.containers import make_container
from tests.support.object_servers.server import ObjectServer
from tests.support.object_servers.trees import put_tree, read_tree


@pytest.fixture
def server(moto_server: ObjectServer, monkeypatch: pytest.MonkeyPatch) -> ObjectServer:
    """A container of its own, known to the environment."""
    made = make_container(moto_server.named("pages"))
    for name, value in made.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_ALLOW_HTTP", "true")
    return made


@pytest.mark.heavy
def test_pages_by_uri(
    archive: Path,
    features: Path,
    hostile: Path,
    mixed: Path,
    server: ObjectServer,
    tmp_path: Path,
) -> None:
    """Archive, features, source and decoded tables in a store have the pages of folders."""
    there, truth = put_tree(server, archive, "archive"), put_tree(server, hostile, "source")
    mine, by_uri = page_of(str(archive), str(hostile)), page_of(there, truth)
    tables = check_page(by_uri).tables
    assert tables == check_page(mine).tables
    whole = shutil.copytree(features, tmp_path / "features")
    shutil.copytree(private_folder(features), whole / PRIVATE_FOLDER, dirs_exist_ok=True)
    latents = put_tree(server, whole, "features")
    assert "Latent map" in check_page(page_of(latents, None, "ok")).text
    decoded = f"{server.uri}/decoded"
    decode(DecodeJob(archive=there, decoded=decoded, source=truth))
    name = "Columns in partitions, the worst first"
    assert check_page(page_of(decoded)).tables[name] == tables[name]
    for _ in range(2):
        write_page(by_uri, f"{server.uri}/pages/archive.html")
    assert read_tree(server, "pages") == {"archive.html": by_uri.encode()}
    left = leave_page(there, truth)
    assert left.place == f"{there}/{PRIVATE_FOLDER}/report/page.html"
    assert len(read_tree(server, f"archive/{PRIVATE_FOLDER}/report")["page.html"]) == left.n_bytes
