"""Paths of every setting are local; what names a store elsewhere is refused before anything is."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pydantic import ValidationError

from ae_pipeline.config.job import DecodeJob, EncodeJob, JobConfig, VerifyJob
from ae_pipeline.config.load import load_job
from ae_pipeline.config.paths import fault_of
from ae_pipeline.errors import ConfigError
from ae_pipeline.verbs import decode, encode, gc, inspect, verify
from tests.support.checks import assert_one_line

STORES = {
    "s3://bucket/x": "s3://bucket/x",
    "S3://bucket/x/": "s3://bucket/x",
    " s3://bucket//x": "s3://bucket/x",
    "s3a://bucket/x": "s3://bucket/x",
    "gs://bucket": "gs://bucket",
    "gcs://bucket/x": "gs://bucket/x",
    "abfs://c@a.dfs.core.windows.net/x": "abfss://c@a.dfs.core.windows.net/x",
    "abfss://c@a.dfs.core.windows.net/x": "abfss://c@a.dfs.core.windows.net/x",
    "az://c/x": "az://c/x",
}
#: Slips in the URI of a store, and what is meant.
SLIPS = {"s3:/bucket/x": "s3://BUCKET/KEY", "gs:bucket": "gs://BUCKET/KEY"}
URIS = (
    "hdfs:/x",
    "hdfs:x",
    "hdfs://name:8020/x",
    "wasbs://c@a/x",
    "http://host/x.parquet",
    "https://host/x.parquet",
    "ftp://host/x",
    "dbfs:/mnt/x",
    "simplecache::s3://bucket/x",
    "zip://a.parquet::s3://bucket/x.zip",
    "unheard+of://x",
    "file:x",
)
LOCAL = (
    "a:b/c",
    "C=12:30",
    "t=2020-01-01T12:30:00",
    "C:/x",
    "./s3:/x",
    "x/s3://y",
    "/s3://y",
    "s3",
)
SETTINGS = ("source", "codec", "features", "archive", "decoded", "training.start_from")
each_setting = pytest.mark.parametrize("setting", SETTINGS)


@each_setting
@pytest.mark.parametrize("uri", STORES)
def test_uris_of_object_stores_are_places(setting: str, uri: str) -> None:
    """Every setting takes one, and keeps it as we write it."""
    found = load_job(JobConfig, None, {setting: uri})
    for name in setting.split("."):
        found = getattr(found, name)
    assert found == STORES[uri]


@each_setting
@pytest.mark.parametrize("uri", SLIPS)
def test_slips_in_uris_are_told_with_the_right_form(setting: str, uri: str) -> None:
    """One slash too few does not make a local folder `s3:`."""
    with pytest.raises(ConfigError) as caught:
        load_job(JobConfig, None, {setting: uri})
    assert_one_line(caught.value, setting, SLIPS[uri])


@each_setting
@pytest.mark.parametrize("uri", URIS)
def test_uris_are_refused_in_every_setting(setting: str, uri: str) -> None:
    """The message names the setting, the scheme and the remedy, in one line."""
    with pytest.raises(ConfigError) as caught:
        load_job(JobConfig, None, {setting: uri})
    scheme = "file:" if uri == "file:x" else uri.strip().split("::")[-1].split(":")[0]
    assert_one_line(caught.value, setting, "a local path", "copy or mount it")
    assert scheme in str(caught.value) or "zip" in str(caught.value)


@each_setting
@pytest.mark.parametrize("uri", ["file:///srv/x", "file:/srv/x", "file://localhost/srv/x"])
def test_local_uris_are_told_as_paths(setting: str, uri: str) -> None:
    """`file:` is refused with the path to write instead: its escapes would be ambiguous."""
    with pytest.raises(ConfigError) as caught:
        load_job(JobConfig, None, {setting: uri})
    assert_one_line(caught.value, "a plain path, /srv/x without file:")


@pytest.mark.parametrize("path", LOCAL)
def test_a_colon_alone_is_no_scheme(path: str) -> None:
    """Local names may hold colons, and one that looks like a store may be written as `./s3:`."""
    assert fault_of(path) == ""
    job = load_job(JobConfig, None, {"source": path, "training.start_from": path})
    assert job.source == job.training.start_from
    assert os.path.abspath(job.source or "") == os.path.abspath(path)


@pytest.mark.parametrize("is_dry_run", [False, True])
def test_nothing_is_made_of_an_uri(
    is_dry_run: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A destination elsewhere is refused before a folder of its name is made, dry runs too."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValidationError, match="copy or mount it"):
        EncodeJob(source="x", archive="hdfs://b/x", backfill={"dry_run": is_dry_run})
    for refused in (lambda: gc("hdfs://b/x", 0.0), lambda: inspect("ftp://b/x")):
        with pytest.raises(ConfigError, match="copy or mount it"):
            refused()
    assert os.listdir(tmp_path) == []


def test_paths_with_colons_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Source, archive and partitions may have colons in their names."""
    monkeypatch.chdir(tmp_path)
    source = Path("a:b", "c")
    (source / "C=12:30").mkdir(parents=True)
    table = pa.table({"a": [0.5 * i for i in range(20)]})
    pq.write_table(table, tmp_path / source / "C=12:30" / "p.parquet")
    exact: dict[str, Any] = {"planner": {"learn": "never"}, "tolerance": {"relative": 0}}
    encode(EncodeJob(source=str(source), archive="d:e", **exact))
    assert not verify(VerifyJob(archive="d:e", source=str(source))).failures
    decode(DecodeJob(archive="d:e", decoded="f:g"))
    assert pq.ParquetFile(tmp_path / "f:g/C=12:30/p.parquet").read().equals(table)
