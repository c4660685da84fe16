"""Folders of tables with a log are refused: their files are not their rows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ae_pipeline.config.job import CompressJob, DecodeJob, EncodeJob, EstimateJob, FitJob, VerifyJob
from ae_pipeline.dataset import discover
from ae_pipeline.errors import DestinationOverlapError, TableFormatError
from ae_pipeline.verbs import backfill, compress, decode, encode, estimate, fit, inspect, verify
from tests.support.checks import assert_one_line

NEVER = {"planner": {"learn": "never"}}
FORMATS = {
    "Delta Lake": ("_delta_log/00000000000000000000.json",),
    "Iceberg": ("metadata/v1.metadata.json", "metadata/version-hint.text"),
    "Hudi": (".hoodie/hoodie.properties",),
    "Paimon": ("schema/schema-0", "snapshot/snapshot-1", "manifest/manifest-0"),
}
each_format = pytest.mark.parametrize("name", FORMATS)


def make_table(root: Path, name: str, folder: str = "day=1") -> Path:
    """A table of a format, one Parquet file in a folder of it; returns the table."""
    (root / folder).mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table({"a": [0.5 * i for i in range(20)]}), root / folder / "p.parquet")
    for mark in FORMATS[name]:
        (root / mark).parent.mkdir(parents=True, exist_ok=True)
        (root / mark).write_text("{}")
    return root


@each_format
@pytest.mark.parametrize("folder", [".", "day=1", "data/day=1"])
@pytest.mark.parametrize("named", ["table", "above", "partition", "file"])
def test_tables_are_refused_wherever_they_are(
    name: str, folder: str, named: str, tmp_path: Path
) -> None:
    """The table, a folder above it, a folder in it and a file of it: each is refused by name."""
    table = make_table(tmp_path / "lake" / "t", name, folder)
    path = {
        "table": table,
        "above": table.parent,
        "partition": table / folder,
        "file": table / folder / "p.parquet",
    }[named]
    with pytest.raises(TableFormatError) as caught:
        discover(path)
    assert_one_line(caught.value, name, str(table), "export a snapshot", "name that")


@each_format
@pytest.mark.parametrize("is_file", [True, False], ids=["file", "folder"])
def test_links_into_tables_are_refused(name: str, is_file: bool, tmp_path: Path) -> None:
    """A source that links to a part of a table holds rows of a table."""
    table, source = make_table(tmp_path / "t", name), tmp_path / "source"
    make_table(source, name)
    for mark in FORMATS[name]:
        (source / mark).unlink()
        (source / mark).parent.rmdir() if not any((source / mark).parent.iterdir()) else None
    target = table / "day=1" / "p.parquet" if is_file else table / "day=1"
    (source / ("q.parquet" if is_file else "day=2")).symlink_to(target)
    with pytest.raises(TableFormatError, match=name):
        discover(source)


@pytest.mark.parametrize(
    "mark",
    [
        "metadata/00001-8d2.metadata.json",
        "metadata/00001-8d2.gz.metadata.json",
        "metadata/v3.metadata.json.gz",
    ],
)
def test_metadata_of_iceberg(mark: str, tmp_path: Path) -> None:
    """Every name that Iceberg gives to its metadata is known."""
    (tmp_path / "t" / "metadata").mkdir(parents=True)
    (tmp_path / "t" / mark).touch()
    with pytest.raises(TableFormatError, match="Iceberg"):
        discover(tmp_path / "t")


@pytest.mark.parametrize(
    "folder",
    [
        "base_0000003",
        "delta_0000004_0000004_0000",
        "delta_0000001_0000002",
        "base_0000005_v0000012",
    ],
)
@pytest.mark.parametrize("is_inside", [True, False], ids=["inside", "above"])
def test_writes_of_hive(folder: str, is_inside: bool, tmp_path: Path) -> None:
    """A transactional table of Hive keeps superseded folders beside those that count."""
    write = tmp_path / "t" / "day=1" / folder
    write.mkdir(parents=True)
    pq.write_table(pa.table({"a": [0.5]}), write / "000000_0")
    with pytest.raises(TableFormatError, match="Hive ACID"):
        discover(write if is_inside else tmp_path / "t")


def test_partition_of_hudi_alone(tmp_path: Path) -> None:
    """A partition that was copied out of a table is one of a table all the same."""
    (tmp_path / "day=1").mkdir()
    (tmp_path / "day=1" / ".hoodie_partition_metadata").touch()
    with pytest.raises(TableFormatError, match="Hudi"):
        discover(tmp_path)


def test_folders_of_like_names_are_no_tables(tmp_path: Path) -> None:
    """A folder called metadata, snapshot or manifest, and JSON beside data, mean nothing alone."""
    pq.write_table(pa.table({"a": [0.5]}), tmp_path / "a.parquet")
    for other in (
        "metadata/a.json",
        "snapshot/b.txt",
        "manifest/c.txt",
        "delta_1/x",
        "base_1/x",
        "a.metadata.json",
    ):
        (tmp_path / other).parent.mkdir(exist_ok=True)
        (tmp_path / other).touch()
    assert len(discover(tmp_path).fragments) == 1


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """An archive of what will become a table."""
    table = make_table(tmp_path / "t", "Hudi")
    for mark in FORMATS["Hudi"]:
        (table / mark).rename(tmp_path / "log.json")
    (table / ".hoodie").rmdir()
    encode(EncodeJob(source=str(table), archive=str(tmp_path / "archive"), **NEVER))
    (table / ".hoodie").mkdir()
    return tmp_path / "archive"


@each_format
def test_nothing_is_written_into_a_table(name: str, tmp_path: Path) -> None:
    """A destination in a table is refused before anything is there: its upkeep would delete it."""
    source, table = tmp_path / "source", make_table(tmp_path / "t", name)
    source.mkdir()
    pq.write_table(pa.table({"a": [0.5 * i for i in range(20)]}), source / "p.parquet")
    before = sorted(tmp_path.rglob("*"))
    for verb in (encode, backfill):
        with pytest.raises(DestinationOverlapError, match=name):
            verb(EncodeJob(source=str(source), archive=str(table / "archive"), **NEVER))
    assert sorted(tmp_path.rglob("*")) == before


VERBS: dict[str, Callable[[str, str, str], object]] = {
    "inspect": lambda s, a, d: inspect(s),
    "fit": lambda s, a, d: fit(FitJob(source=s, codec=d)),
    "features": lambda s, a, d: encode(EncodeJob(source=s, features=d)),
    "encode": lambda s, a, d: encode(EncodeJob(source=s, archive=d)),
    "encode again": lambda s, a, d: encode(EncodeJob(source=s, archive=a)),
    "estimate": lambda s, a, d: estimate(EstimateJob(source=s)),
    "backfill": lambda s, a, d: backfill(EncodeJob(source=s, archive=d)),
    "dry run": lambda s, a, d: backfill(EncodeJob(source=s, archive=a, backfill={"dry_run": True})),
    "compress": lambda s, a, d: compress(
        CompressJob(source=s, archive=a, retention={"delete_source": "after_verify"})
    ),
    "decode": lambda s, a, d: decode(DecodeJob(source=s, archive=a, decoded=d)),
    "verify": lambda s, a, d: verify(VerifyJob(source=s, archive=a)),
}


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_refuses(verb: str, archive: Path, tmp_path: Path) -> None:
    """A table that no verb can read is refused at once; nothing is written or deleted."""
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(TableFormatError, match="Hudi"):
        VERBS[verb](str(tmp_path / "t"), str(archive), str(tmp_path / "dest"))
    assert sorted(tmp_path.rglob("*")) == before
