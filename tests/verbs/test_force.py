"""`--force` replaces what is there, or says exactly what stands in its way."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ae_pipeline.config.job import DecodeJob, EncodeJob, FitJob, VerifyJob
from ae_pipeline.dataset import file_hash
from ae_pipeline.errors import AePipelineError, ConfigError, DestinationExistsError
from ae_pipeline.results.dataset import DatasetReport
from ae_pipeline.storage import read_marker, write_note
from ae_pipeline.verbs import backfill, decode, encode, fit, inspect, verify
from tests.support.checks import assert_one_line

SMALL: dict[str, Any] = {
    "planner": {"learn": "never"},
    "network": {"latent_dim": 1},
    "training": {"epochs": 0},
}
FORCE = {"execution": {"force": True}}


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Two days of two float columns and an integer one."""
    for day in (1, 2):
        path = tmp_path / "source" / f"day={day}" / "p.parquet"
        path.parent.mkdir(parents=True)
        numbers = [0.5 * i + day for i in range(40)]
        columns = {"a": numbers, "b": [i * i for i in numbers], "n": list(range(40))}
        pq.write_table(pa.table(columns), path)
    return tmp_path / "source"


def run(source: Path, kind: str = "archive", **settings: Any) -> DatasetReport:
    """Encode to the folder beside the source, whatever it is to be."""
    dest = {kind: str(source.parent / "dest")}
    return encode(EncodeJob(source=str(source), **dest, **{**SMALL, **settings}))


CHANGES: tuple[dict[str, Any], ...] = (
    {"tolerance": {"relative": 0.05}},
    {"tolerance": {"rules": [{"match": "a", "kind": "exact"}]}},
    {"columns": {"keep": ["b"]}},
    {"columns": {"feature": ["n"]}},
)


@pytest.mark.parametrize("change", CHANGES, ids=str)
def test_forced_settings_replace_the_codec(change: dict[str, Any], source: Path) -> None:
    """Other tolerances and columns are refused without force; with it all is written anew."""
    before = run(source)
    with pytest.raises(ConfigError, match="encode --force"):
        run(source, **change)
    forced = run(source, **change, **FORCE)
    assert forced.n_written == 2
    assert forced.codec_ids != before.codec_ids
    dest = str(source.parent / "dest")
    assert inspect(dest).facts["codec"] == forced.codec_ids[0]
    assert not verify(VerifyJob(archive=dest, source=str(source))).failures
    assert run(source, **change).n_written == 0


def test_force_alone_keeps_the_codec(source: Path) -> None:
    """Nothing else was asked for: all is written anew with the codec that is there."""
    before = run(source)
    again = run(source, **FORCE)
    assert (again.n_written, again.codec_ids) == (2, before.codec_ids)


def test_forced_latent_dim_replaces_the_codec_of_features(source: Path) -> None:
    """Features alike."""
    run(source, "features")
    wide = {"network": {"latent_dim": 2}}
    with pytest.raises(ConfigError, match="features --force"):
        run(source, "features", **wide)
    assert run(source, "features", **wide, **FORCE).n_written == 2
    assert inspect(str(source.parent / "dest")).facts["latent_dim"] == 2


@pytest.mark.parametrize(("first", "then"), [("archive", "features"), ("features", "archive")])
def test_another_kind_is_replaced(first: str, then: str, source: Path, tmp_path: Path) -> None:
    """An archive becomes features and the other way round, if it is forced."""
    run(source, first)
    with pytest.raises(AePipelineError, match="another kind"):
        run(source, then)
    assert run(source, then, **FORCE).n_written == 2
    marker = read_marker(tmp_path / "dest")
    assert marker is not None
    assert marker.kind == then
    job = {then: str(tmp_path / "dest"), "decoded": str(tmp_path / "decoded")}
    assert not decode(DecodeJob(**job, source=str(source))).failures


@pytest.mark.parametrize(
    ("kind", "change"),
    [("features", {}), ("archive", {"columns": {"keep": ["b"]}})],
    ids=["kind", "columns"],
)
def test_what_would_stay_must_go_with_what_is_written(
    kind: str, change: dict[str, Any], source: Path
) -> None:
    """Files whose source is gone are named, whoever deleted it; nothing is written or claimed."""
    run(source)
    archive = source.parent / "dest"
    write_note(
        archive,
        "retired",
        "day=2/p.parquet",
        {"archive_sha256": file_hash(archive / "day=2/p.parquet")},
    )
    shutil.rmtree(source / "day=2")
    before = {path: path.read_bytes() for path in archive.rglob("*") if path.is_file()}
    with pytest.raises(DestinationExistsError) as caught:
        run(source, kind, **change, **FORCE)
    assert_one_line(caught.value, "1 of its files", "day=2/p.parquet", "delete these files")
    assert {path: path.read_bytes() for path in archive.rglob("*") if path.is_file()} == before
    assert run(source, tolerance={"relative": 0.05}, **FORCE).n_written == 1
    assert not verify(VerifyJob(archive=str(archive))).failures


def test_a_codec_that_is_named_is_never_replaced(source: Path, tmp_path: Path) -> None:
    """Its settings are what they are: the remedy says so, and another codec is taken by force."""
    run(source)
    fit(FitJob(source=str(source), codec=str(tmp_path / "codec"), **SMALL))
    (own,) = (tmp_path / "dest" / "_ae" / "codecs").iterdir()
    with pytest.raises(ConfigError, match="name a codec that was fitted with it"):
        run(source, codec=str(own), tolerance={"relative": 0.05}, **FORCE)
    other = tmp_path / "other"
    encode(EncodeJob(source=str(source), archive=str(other), **SMALL, tolerance={"relative": 0.05}))
    (codec,) = (other / "_ae" / "codecs").iterdir()
    assert run(source, codec=str(codec), **FORCE).codec_ids == (codec.name,)


def test_a_missing_codec_is_replaced(source: Path) -> None:
    """A dataset whose codec is lost can be written anew."""
    run(source)
    shutil.rmtree(source.parent / "dest" / "_ae" / "codecs")
    assert run(source, **FORCE).n_written == 2


def test_other_columns_of_the_source_take_a_new_codec(source: Path) -> None:
    """Where not a single file suits the codec any more, a forced encode fits another."""
    run(source)
    for path in source.rglob("*.parquet"):
        pq.write_table(pq.ParquetFile(path).read().rename_columns(["x", "y", "n"]), path)
    with pytest.raises(AePipelineError, match="columns differ"):
        run(source)
    assert run(source, **FORCE).n_written == 2


def test_backfill_keeps_the_codec_even_by_force(source: Path, tmp_path: Path) -> None:
    """The remedy names the verb that does replace it."""
    run(source)
    job = EncodeJob(
        source=str(source),
        archive=str(tmp_path / "dest"),
        **{**SMALL, "tolerance": {"relative": 0.05}},
        **FORCE,
    )
    with pytest.raises(ConfigError, match=re.escape("`encode --force`")):
        backfill(job)


@pytest.mark.parametrize("kind", ["archive", "features"])
def test_decode_never_writes_over_a_dataset(kind: str, source: Path, tmp_path: Path) -> None:
    """Not even by force: an archive may hold the only copy of its rows."""
    run(source, kind)
    encode(EncodeJob(source=str(source), archive=str(tmp_path / "other"), **SMALL))
    with pytest.raises(DestinationExistsError) as caught:
        decode(DecodeJob(archive=str(tmp_path / "other"), decoded=str(tmp_path / "dest"), **FORCE))
    assert_one_line(caught.value, "another kind", f"delete {tmp_path / 'dest'} first")


def test_fit_says_what_to_delete(source: Path, tmp_path: Path) -> None:
    """A codec takes no dataset's place."""
    run(source)
    job = FitJob(source=str(source), codec=str(tmp_path / "dest"), **SMALL, **FORCE)
    with pytest.raises(DestinationExistsError, match=re.escape(f"delete {job.codec} first")):
        fit(job)
