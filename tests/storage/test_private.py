"""Folders that open: every reader finds the rows of the source, whatever lies beside them."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from ae_pipeline.config.job import DecodeJob, EncodeJob, VerifyJob
from ae_pipeline.errors import DestinationExistsError
from ae_pipeline.hidden_names import temporary_path
from ae_pipeline.results.backfill import BackfillReport
from ae_pipeline.storage import metrics_file, private_folder
from ae_pipeline.verbs import backfill, decode, encode, gc, verify
from tests.conftest import Mount
from tests.support.data.datasets import read_table, write_tree
from tests.support.golden.reading import GOLDEN
from tests.support.readers import BY_GLOB, READERS, Count

DAYS, N_ROWS = (1, 2, 3), 40
FILES = tuple(f"day={day}/part-0.parquet" for day in DAYS)
#: Without a network: quick.
SETTINGS = {
    "planner": {"learn": "never"},
    "training": {"epochs": 0},
    "columns": {"keep": ["n"]},
}


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Three days of two float columns and a key."""
    numbers = [0.5 * row for row in range(N_ROWS)]
    columns = {"a": numbers, "b": [one * one for one in numbers], "n": list(range(N_ROWS))}
    return write_tree(tmp_path / "source", dict.fromkeys(FILES, pa.table(columns)))


def paths_of(source: Path) -> dict[str, str]:
    """Where the datasets of a test lie."""
    return {name: str(source.parent / name) for name in ("source", "archive", "decoded")}


def encoded(source: Path, kind: str = "archive") -> Path:
    """A dataset of the source, encoded beside it."""
    folder = source.parent / kind
    assert not encode(EncodeJob(source=str(source), **{kind: str(folder)}, **SETTINGS)).failures
    return folder


def n_written(found: BackfillReport) -> int:
    """Fragments that a backfill wrote."""
    return 0 if found.report is None else found.report.n_written


def assert_opens(folder: Path, readers: Mapping[str, Count] = READERS) -> None:
    """Each reader counts the rows of each day."""
    for name, count in readers.items():
        assert [count(folder, day) for day in DAYS] == [N_ROWS] * len(DAYS), name


@pytest.mark.parametrize("kind", ["archive", "features"])
def test_encoded_folders_open(source: Path, kind: str) -> None:
    """Whatever encode, verify, backfill and gc leave in a folder, readers count the rows."""
    folder = encoded(source, kind)
    assert_opens(folder, BY_GLOB if kind == "archive" else READERS)
    if kind == "archive":
        assert not verify(VerifyJob(archive=str(folder), source=str(source))).failures
    job = EncodeJob(source=str(source), **{kind: str(folder)}, **SETTINGS)
    (folder / FILES[2]).unlink()
    assert n_written(backfill(job)) == 1
    gc(str(folder), 0.0)
    assert_opens(folder, BY_GLOB if kind == "archive" else READERS)


def test_kept_columns_are_read_in_place(source: Path) -> None:
    """An archive's kept columns, and blocks that hold all others, have the rows of the source."""
    folder = encoded(source)
    with duckdb.connect() as connection:
        query = 'SELECT sum(n), count("ae:block") FROM read_parquet(?)'
        ((total, n_blocks),) = connection.execute(query, [f"{folder}/**/*.parquet"]).fetchall()
    assert (total, n_blocks) == (len(DAYS) * sum(range(N_ROWS)), len(DAYS))


@pytest.mark.parametrize("kind", ["archive", "features"])
def test_decoded_folders_open(source: Path, kind: str) -> None:
    """Decoded tables and the table of their errors do not mix, and decoding again changes none."""
    folder, decoded = encoded(source, kind), source.parent / "decoded"
    job = DecodeJob(decoded=str(decoded), source=str(source), **{kind: str(folder)})
    for _ in range(2):
        assert not decode(job).failures
        assert metrics_file(decoded).is_file()
        assert_opens(decoded)
    gc(str(decoded), 0.0)
    assert_opens(decoded)


def test_the_private_folder_may_be_moved_out(source: Path) -> None:
    """With its private folder beside it, an archive opens by its folder, and all verbs go on."""
    folder, paths = encoded(source), paths_of(source)
    private_folder(folder).rename(beside(folder))
    (folder / FILES[1]).unlink()
    job = EncodeJob(source=str(source), archive=str(folder), **SETTINGS)
    assert n_written(backfill(job)) == 1
    assert not verify(VerifyJob(archive=str(folder), source=str(source))).failures
    assert not decode(DecodeJob(**paths)).failures
    gc(str(folder), 0.0)
    assert private_folder(folder) == beside(folder)
    assert_opens(folder)
    assert read_table(Path(paths["decoded"]) / FILES[1])["n"].to_pylist() == list(range(N_ROWS))


def beside(folder: Path) -> Path:
    """The private folder beside a dataset."""
    return folder.with_name(f"{folder.name}.ae")


def test_tables_decoded_by_an_earlier_release(source: Path) -> None:
    """A private folder inside decoded tables stays in use; its table of errors is renamed."""
    paths = paths_of(source)
    encoded(source)
    decode(DecodeJob(**paths))
    decoded = Path(paths["decoded"])
    shutil.move(beside(decoded), decoded / "_ae")
    (decoded / "_ae/report/metrics.pq").rename(decoded / "_ae/report/metrics.parquet")
    assert not decode(DecodeJob(**paths)).failures
    assert [path.name for path in (decoded / "_ae/report").iterdir()] == ["metrics.pq"]
    assert not beside(decoded).exists()
    assert_opens(decoded, BY_GLOB)


def test_features_of_an_earlier_release(source: Path) -> None:
    """With a private folder inside, features are backfilled, decoded and collected as before."""
    folder, decoded = encoded(source, "features"), source.parent / "decoded"
    shutil.move(beside(folder), folder / "_ae")
    (folder / FILES[1]).unlink()
    assert n_written(backfill(EncodeJob(source=str(source), features=str(folder), **SETTINGS))) == 1
    assert not decode(DecodeJob(features=str(folder), decoded=str(decoded))).failures
    assert not gc(str(folder), 0.0).garbage
    assert private_folder(folder) == folder / "_ae"
    assert not beside(folder).exists()
    assert_opens(folder, BY_GLOB)


@pytest.mark.parametrize("name", ["archive-1.0/types", "archive-3.0/grids", "archive-4.0/mappings"])
def test_archives_of_earlier_formats(name: str, tmp_path: Path) -> None:
    """They are verified, collected and decoded where they are, and nothing in them changes."""
    archive = Path(shutil.copytree(GOLDEN / name / "dataset", tmp_path / "archive"))
    before = {path: path.read_bytes() for path in archive.rglob("*") if path.is_file()}
    assert not verify(VerifyJob(archive=str(archive))).failures
    assert not gc(str(archive), 0.0).garbage
    job = DecodeJob(archive=str(archive), decoded=str(tmp_path / "decoded"))
    assert not decode(job).failures
    assert before == {path: path.read_bytes() for path in archive.rglob("*") if path.is_file()}
    assert not beside(archive).exists()


def test_a_link_to_a_dataset_is_the_dataset(source: Path) -> None:
    """By any of its names a dataset has one private folder, beside the folder itself."""
    folder = encoded(source, "features")
    link = source.parent / "link"
    link.symlink_to(folder)
    assert private_folder(link) == private_folder(folder) == beside(folder)
    assert not decode(DecodeJob(features=str(link), decoded=str(source.parent / "out"))).failures


def test_a_mount_has_its_private_folder_inside(source: Path, mount_disk: Mount) -> None:
    """What lies beside a mount may not be there the next time."""
    disk = mount_disk("size=4m")
    job = EncodeJob(source=str(source), features=str(disk), **SETTINGS)
    assert not encode(job).failures
    assert private_folder(disk) == disk / "_ae"
    assert not beside(disk).exists()


def test_moved_features_are_not_written_over(source: Path) -> None:
    """Features without what lay beside them are refused as a destination, and told what lacks."""
    folder = encoded(source, "features")
    moved = folder.rename(folder.with_name("moved"))
    with pytest.raises(DestinationExistsError, match=r"bring moved\.ae along"):
        encode(EncodeJob(source=str(source), features=str(moved), **SETTINGS))
    shutil.move(beside(folder), beside(moved))
    job = EncodeJob(source=str(source), features=str(moved), **SETTINGS)
    assert encode(job).n_written == 0


def test_tables_that_were_taken_away_leave_nothing(source: Path) -> None:
    """Where decoded tables are gone, another decode begins anew, without errors of the old one."""
    paths = paths_of(source)
    encoded(source)
    decode(DecodeJob(**paths))
    shutil.rmtree(paths["decoded"])
    del paths["source"]
    decode(DecodeJob(**paths, selection={"columns": ["a"]}))
    decoded = Path(paths["decoded"])
    assert not metrics_file(decoded).exists()
    assert read_table(decoded / FILES[0]).column_names == ["a"]


def test_folders_of_others_are_left_alone(source: Path) -> None:
    """Where somebody keeps files under the name beside a folder, ours lies inside it."""
    paths = paths_of(source)
    encoded(source)
    theirs = beside(Path(paths["decoded"])) / "notes.txt"
    theirs.parent.mkdir()
    theirs.write_text("theirs")
    decode(DecodeJob(**paths))
    assert private_folder(Path(paths["decoded"])) == Path(paths["decoded"]) / "_ae"
    assert [path.name for path in theirs.parent.iterdir()] == ["notes.txt"]
    assert_opens(Path(paths["decoded"]), BY_GLOB)


def test_strange_files_hide_no_codec(source: Path) -> None:
    """A marked private folder stays one, whatever else a file browser leaves in it."""
    folder = encoded(source, "features")
    (beside(folder) / ".DS_Store").write_bytes(b"theirs")
    assert private_folder(folder) == beside(folder)


def test_gc_looks_beside(source: Path) -> None:
    """Half a file of a killed run goes from the private folder beside, and is named."""
    encoded(source)
    paths = paths_of(source)
    decode(DecodeJob(**paths))
    decoded = Path(paths["decoded"])
    half = temporary_path(beside(decoded) / "dataset.json")
    half.write_bytes(b"{")
    (found,) = gc(str(decoded), 0.0).garbage
    assert found.relative == f"../decoded.ae/{half.name}"
    assert not half.exists()
    assert (beside(decoded) / "dataset.json").is_file()
