"""Codecs of workers: found by dataset or folder, loaded once."""

from __future__ import annotations

from pathlib import Path

import pytest

from ae_pipeline.batches.opened import open_rows
from ae_pipeline.errors import CodecMismatchError
from ae_pipeline.storage import private_folder
from ae_pipeline.verbs import encode
from tests.support.data.datasets import number_tree


def test_a_codec_is_loaded_once(features: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A dataset and its codec's folder are opened once each, from whatever working folder."""
    first = open_rows(str(features), "latent")
    assert open_rows(str(features), "latent") is first
    monkeypatch.chdir(features.parent)
    (folder,) = (private_folder(features) / "codecs").iterdir()
    assert open_rows("features/", "latent").codec_id == first.codec_id == folder.name
    assert open_rows(str(folder), "latent") is open_rows(str(folder), "latent")
    assert open_rows(str(features), "other").latent_column == "other"


def test_an_archive_makes_no_latents(tmp_path: Path) -> None:
    """A dataset of the other kind is refused by its name."""
    from ae_pipeline import EncodeJob

    archive = str(tmp_path / "archive")
    source = str(number_tree(tmp_path / "source"))
    encode(EncodeJob(source=source, archive=archive, planner={"learn": "never"}))
    with pytest.raises(CodecMismatchError, match="expected features, got archive") as caught:
        open_rows(archive, "latent")
    assert archive in str(caught.value)
