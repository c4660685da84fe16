"""Codecs on disk in either form: formats 1.0 to 3.0 have plain text and a file of losses."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

from ae_pipeline.codec import CODEC_FILE, FORMER_CODEC_FILE, Provenance, holds_codec, load_codec
from ae_pipeline.codec.features import save_features_codec
from ae_pipeline.errors import CorruptCodecError, UnsupportedFormatError
from ae_pipeline.results.fit import EpochRecord, TrainingSummary
from tests.support.checks import assert_one_line
from tests.support.codec.features import assert_same_codec, hand_set_codec
from tests.support.codec.trees import read_codec_json

HISTORY_FILE = "history.json"
HISTORY = (EpochRecord(0, 0, 1.0, 1.0, 0.0), EpochRecord(1, 9, math.nan, 0.5, 0.5))
CODEC = hand_set_codec(
    provenance=Provenance("a", "b", 3, TrainingSummary(1, 9, "diverged", 0, 1.0, 1.0), HISTORY)
)


@pytest.fixture
def former(tmp_path: Path) -> Path:
    """A codec as an earlier release saved it."""
    save_features_codec(CODEC, tmp_path)
    tree = read_codec_json(tmp_path)
    history = tree["provenance"].pop("history")
    (tmp_path / CODEC_FILE).unlink()
    (tmp_path / HISTORY_FILE).write_text(json.dumps(history))
    (tmp_path / FORMER_CODEC_FILE).write_text(json.dumps({**tree, "format_version": "3.0"}))
    return tmp_path


def test_former_codec_is_read(former: Path) -> None:
    """An earlier codec is the same codec, its losses included."""
    got = load_codec(former)
    assert got.id == CODEC.id
    assert got.provenance.history[0] == HISTORY[0]
    assert math.isnan(got.provenance.history[1].train_loss)


def test_which_folders_hold_a_codec(former: Path, tmp_path: Path) -> None:
    """A folder holds a codec with the JSON of either format, and not without."""
    assert holds_codec(former)
    save_features_codec(CODEC, tmp_path / "new")
    assert holds_codec(tmp_path / "new")
    (tmp_path / "new" / CODEC_FILE).unlink()
    assert not holds_codec(tmp_path / "new")
    assert not holds_codec(tmp_path / "none")


def test_saving_replaces_the_former_files(former: Path) -> None:
    """A codec that is saved over an earlier one leaves nothing of it."""
    other = hand_set_codec(std=np.arange(6.0))
    save_features_codec(other, former)
    assert_same_codec(other, load_codec(former))
    assert {path.name for path in former.iterdir()} == {CODEC_FILE, "weights.safetensors"}


def test_former_files_beside_new_ones_do_not_count(former: Path, tmp_path: Path) -> None:
    """A save that was killed before it removed earlier files has replaced the codec."""
    other = hand_set_codec(std=np.arange(6.0))
    save_features_codec(other, tmp_path / "new")
    for path in (tmp_path / "new").iterdir():
        path.rename(former / path.name)
    assert_same_codec(other, load_codec(former))


@pytest.mark.parametrize("name", [FORMER_CODEC_FILE, HISTORY_FILE])
def test_deep_json(former: Path, name: str) -> None:
    """JSON that is nested too deep for Python is a corrupt codec."""
    (former / name).write_text("[" * 200_000)
    with pytest.raises(CorruptCodecError):
        load_codec(former)


def test_missing_history(former: Path) -> None:
    """An earlier codec without its losses is damaged, and the message names the file."""
    (former / HISTORY_FILE).unlink()
    with pytest.raises(CorruptCodecError) as caught:
        load_codec(former)
    assert_one_line(caught.value, HISTORY_FILE)


def test_version_comes_first(former: Path) -> None:
    """Plain text of an unknown version is refused as such, whatever else is missing."""
    (former / HISTORY_FILE).unlink()
    (former / FORMER_CODEC_FILE).write_text('{"format_version": "9.0"}')
    with pytest.raises(UnsupportedFormatError):
        load_codec(former)
