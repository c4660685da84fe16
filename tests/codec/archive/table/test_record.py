"""Tables of codecs on disk: read as they were written, or a named error in bounded memory."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any  # JSON trees

import pytest

from ae_pipeline.codec.archive import load_archive_codec, save_archive_codec
from ae_pipeline.codec.archive.table import TABLE_FILE, VALUES_FILE
from ae_pipeline.errors import CorruptCodecError
from tests.support.codec.trees import read_codec_json, write_codec_json
from tests.support.faults.apart import complaint_of, limit_space, run_apart
from tests.support.golden.case import integers
from tests.support.golden.reading import GOLDEN

#: Zstandard reserves the window of a frame.
SPACE = 1 << 29


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of a codec with every kind of mapping."""
    (golden,) = (GOLDEN / "archive-4.0/mappings/dataset/_ae/codecs").iterdir()
    return Path(shutil.copytree(golden, tmp_path / "codec"))


def test_a_table_is_read_as_it_was_written(folder: Path, tmp_path: Path) -> None:
    """Mappings, their tables, sub-columns and the model are those of the codec that was saved."""
    codec = load_archive_codec(folder)
    save_archive_codec(codec, tmp_path / "again")
    again = load_archive_codec(tmp_path / "again")
    assert again.table is not None
    assert codec.table is not None
    assert again.id == codec.id
    assert again.table.subcolumns == codec.table.subcolumns
    assert [one.tables for one in again.table.mappings] == [
        one.tables for one in codec.table.mappings
    ]
    for name in (TABLE_FILE, VALUES_FILE):
        assert (tmp_path / "again" / name).read_bytes() == (folder / name).read_bytes()


def load_damaged(folder: str) -> Iterator[str]:
    """Load the codec with either file damaged in many ways."""
    expected = load_archive_codec(folder).id
    limit_space(SPACE)
    for name in (TABLE_FILE, VALUES_FILE):
        path = Path(folder) / name
        whole = path.read_bytes()
        for number, draw in enumerate(integers(3, 400, 1 << 30).tolist()):
            place = draw % len(whole)
            put = bytes([draw >> 8 & 255]) * (draw % 3)
            path.unlink()
            path.write_bytes(whole[:place] + put + whole[place + 1 :])
            complaint = complaint_of(lambda: load_archive_codec(folder).id == expected)
            if complaint:
                yield f"{name} {number}: {complaint}"
        path.write_bytes(whole)


def test_damaged_files(folder: Path) -> None:
    """Damage to the files of a table is a named error."""
    assert run_apart(load_damaged, folder) == []


@pytest.mark.parametrize("name", [TABLE_FILE, VALUES_FILE])
def test_lost_files(folder: Path, name: str) -> None:
    """A codec without one of its files is damaged."""
    (folder / name).unlink()
    with pytest.raises(CorruptCodecError):
        load_archive_codec(folder)


def _column(tree: dict[str, Any], name: str) -> dict[str, Any]:
    return next(one for one in tree["columns"] if one["name"] == name)


FORGED: dict[str, Callable[[dict[str, Any]], object]] = {
    "unknown column": lambda tree: tree["columns"][0].update(name="nobody"),
    "a column twice": lambda tree: tree["columns"].append(tree["columns"][0]),
    "unknown kind": lambda tree: tree["columns"][0].update(kind="magic"),
    "kind of another type": lambda tree: tree["columns"][0].update(kind="words"),
    "more tables": lambda tree: tree["columns"][0].update(n_tables=3),
    "very many tables": lambda tree: tree["columns"][0].update(n_tables=1 << 40),
    "no columns": lambda tree: tree.update(columns=[]),
    "columns of text": lambda tree: tree.update(columns="flag"),
    "nullable of nobody": lambda tree: tree.update(nullable=["flag"]),
    "more lows": lambda tree: tree.update(lows=[1]),
    "step of 0": lambda tree: _column(tree, "tiny").update(step=0),
    "offset beyond": lambda tree: _column(tree, "tiny").update(offset=1 << 63),
    "places": lambda tree: _column(tree, "cents").update(places=301),
    "rule": lambda tree: _column(tree, "cents").update(rule="guess"),
    "wide floats": lambda tree: _column(tree, "tenths").update(n_bits=64),
    "ranks": lambda tree: _column(tree, "ranks").update(n_values=1 << 30),
    "no inner": lambda tree: _column(tree, "word").pop("inner"),
    "deep": lambda tree: _column(tree, "word").update(
        inner=_column(tree, "word")["inner"] | {"kind": "stored", "inner": {}}
    ),
    "shapes": lambda tree: _column(tree, "code").update(shapes=[[["digits", 99, 0]]]),
    "shapes of one slot": lambda tree: _column(tree, "code").update(
        shapes=[[["digits", 3, 0], ["digits", 3, 0]]]
    ),
    "children": lambda tree: _column(tree, "pair").update(children=[]),
}


@pytest.mark.parametrize("name", FORGED)
def test_forged_settings(folder: Path, name: str) -> None:
    """Settings that no writer makes are refused, whatever the id."""
    tree = read_codec_json(folder)
    FORGED[name](tree["table"])
    write_codec_json(folder, tree)
    with pytest.raises(CorruptCodecError) as caught:
        load_archive_codec(folder)
    assert "content of id" not in str(caught.value)
