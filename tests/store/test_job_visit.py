"""Whole verbs from and to object stores: the bytes of local runs, and few requests."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from ae_pipeline.config.job import CompressJob, DecodeJob, EncodeJob, VerifyJob
from ae_pipeline.locations import SESSION_PREFIX
from ae_pipeline.results.progress import silent
from ae_pipeline.store import place, recall, visiting_stores
from ae_pipeline.upkeep import list_source
from ae_pipeline.upkeep.finding import Destination
from ae_pipeline.upkeep.finding_work import Due, FindingWork, Found
from ae_pipeline.verbs import backfill, compress, decode, encode, gc, inspect, verify
from ae_pipeline.work import gather
from tests.support.data.datasets import mixed_tree, number_tree
from tests.support.jobs.dask_cluster import listening, running, without
from tests.support.object_servers.clients import open_store
from tests.support.object_servers.containers import make_container
from tests.support.object_servers.proxy import FaultProxy
from tests.support.object_servers.server import ObjectServer
from tests.support.object_servers.trees import put_tree, read_folder, read_tree

pytestmark = pytest.mark.heavy

SETTINGS: dict[str, Any] = {
    "planner": {"learn": "never"},
    "columns": {"accept_changes": True},
    "tolerance": {"relative": 0.01},
}


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    """Folder for what is fetched."""
    return tmp_path / "scratch"


@pytest.fixture
def settings(
    object_server: ObjectServer, scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> dict[str, Any]:
    """Settings of jobs at the test's server, whose credentials are in the environment."""
    for name, value in object_server.environment.items():
        monkeypatch.setenv(name, value)
    return {**SETTINGS, "execution": {"scratch": str(scratch), "engine": "threads"}}


@pytest.fixture
def at_proxy(
    fault_path: FaultProxy, settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> FaultProxy:
    """The proxy, which jobs go through."""
    for name, value in fault_path.server.environment.items():
        monkeypatch.setenv(name, value)
    return fault_path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A source on this machine."""
    return mixed_tree(tmp_path / "src")


@pytest.fixture(autouse=True)
def _no_trace(scratch: Path) -> Iterator[None]:
    """Nothing that was fetched stays."""
    yield
    assert not list(scratch.glob(f"*{SESSION_PREFIX}*"))


def fragments(tree: dict[str, bytes]) -> dict[str, bytes]:
    """The Parquet files of a dataset, without what lies in its private folder."""
    return {name: content for name, content in tree.items() if not name.startswith("_ae/")}


def test_bytes_are_those_of_local_runs(
    object_server: ObjectServer, settings: dict[str, Any], folder: Path, tmp_path: Path
) -> None:
    """Encode, verify and decode from store to store leave what they leave on this machine."""
    there, uri = put_tree(object_server, folder, "src"), object_server.uri
    encode(EncodeJob(source=str(folder), archive=str(tmp_path / "a"), **settings))
    encode(EncodeJob(source=there, archive=f"{uri}/a", **settings))
    assert fragments(read_tree(object_server, "a")) == fragments(read_folder(tmp_path / "a"))
    report = verify(VerifyJob(archive=f"{uri}/a", source=there, **settings))
    assert not report.failures
    assert report.total.n_rows == 900
    decode(DecodeJob(archive=str(tmp_path / "a"), decoded=str(tmp_path / "d"), **settings))
    decode(DecodeJob(archive=f"{uri}/a", decoded=f"{uri}/d", **settings))
    assert fragments(read_tree(object_server, "d")) == fragments(read_folder(tmp_path / "d"))
    before = read_tree(object_server, "a")
    assert inspect(f"{uri}/a").facts["rows"] == inspect(str(tmp_path / "a")).facts["rows"]
    assert read_tree(object_server, "a") == before  # whoever only looks writes nothing


def test_bytes_that_are_told_stay(
    object_server: ObjectServer, settings: dict[str, Any], folder: Path
) -> None:
    """Encode and compress count every byte that they leave, that of the index among them."""
    there, uri = put_tree(object_server, folder, "src"), object_server.uri
    told = encode(EncodeJob(source=there, archive=f"{uri}/a", **settings)).bytes
    assert inspect(f"{uri}/a").bytes == told
    report = compress(CompressJob(source=str(folder), archive=f"{uri}/b", **settings)).encoded
    assert report is not None
    assert inspect(f"{uri}/b").bytes == report.bytes


def test_features_of_a_store(
    object_server: ObjectServer, settings: dict[str, Any], tmp_path: Path
) -> None:
    """Latent features are written, and decoded again, where the source lies."""
    there = put_tree(object_server, number_tree(tmp_path / "numbers"), "src")
    trained = {"training": {"max_steps": 5}, **settings}
    report = encode(EncodeJob(source=there, features=f"{object_server.uri}/f", **trained))
    assert report.n_written == 2
    job = DecodeJob(
        features=f"{object_server.uri}/f", source=there, decoded=str(tmp_path / "d"), **trained
    )
    assert not decode(job).failures
    assert pq.ParquetFile(tmp_path / "d/day=1/p.parquet").metadata.num_rows == 40


def test_engines_agree(object_server: ObjectServer, settings: dict[str, Any], folder: Path) -> None:
    """Worker processes publish the bytes that threads publish, and tell what they learned."""
    there, uri = put_tree(object_server, folder, "src"), object_server.uri
    for engine in ("threads", "processes"):
        execution = {**settings["execution"], "engine": engine}
        job = CompressJob(
            source=there, archive=f"{uri}/{engine}", **{**settings, "execution": execution}
        )
        assert not compress(job).failures
    one, other = (read_tree(object_server, engine) for engine in ("threads", "processes"))
    assert fragments(one) == fragments(other)
    assert one.keys() == other.keys()


@pytest.mark.parametrize("object_server", ["seaweedfs"], indirect=True)
@pytest.mark.parametrize("engine", ["processes", "dask"])
def test_workers_tell_what_they_learned(
    object_server: ObjectServer, settings: dict[str, Any], folder: Path, engine: str
) -> None:
    """Footers and fingerprints that workers read are known to the job, which asks no more."""
    there = put_tree(object_server, folder, "src")
    job = CompressJob(source=there, archive=f"{object_server.uri}/a", **settings)
    compress(job)
    open_store(object_server).delete("a/_ae/index.pq")
    execution = job.execution.model_copy(update={"engine": engine})
    with visiting_stores(job, keeps_facts=False):
        archive, source = place(job.archive or ""), list_source(job)
        written = [archive / fragment.relative for fragment in source.fragments]
        assert not any(recall(path, "footer") for path in written)
        due = Due(source.fragments, Destination.look(archive, None))
        work = FindingWork((*source.folders, str(archive)))
        (made,) = gather(work, [due], execution=execution, stage="plan", progress=silent)
        assert isinstance(made, Found)
        assert {state for state, _ in made.findings} == {"current"}
        assert all(recall(path, "footer") for path in written)
        assert all(recall(fragment.path, "fingerprint") for fragment in source.fragments)


@pytest.mark.parametrize("object_server", ["seaweedfs"], indirect=True)
def test_workers_need_not_share_a_disk(
    object_server: ObjectServer, settings: dict[str, Any], folder: Path, scratch: Path
) -> None:
    """A Dask worker that has only the store and a scratch folder of its own does the same work."""
    there, uri = put_tree(object_server, folder, "src"), object_server.uri
    compress(CompressJob(source=there, archive=f"{uri}/a", **settings))
    scratch.mkdir(exist_ok=True)
    with (
        listening(scratch.parent) as (_, address),
        running("worker", address, "--nthreads", "2", before=without(scratch)),
    ):
        execution = {"scratch": str(scratch), "engine": "dask", "dask_address": address}
        job = CompressJob(
            source=there, archive=f"{uri}/far", **{**settings, "execution": execution}
        )
        assert not compress(job).failures
        assert not compress(job).plan.selected
    assert fragments(read_tree(object_server, "far")) == fragments(read_tree(object_server, "a"))


def test_replanning_asks_for_no_fragment(
    object_server: ObjectServer, settings: dict[str, Any], folder: Path, at_proxy: FaultProxy
) -> None:
    """A night with nothing to do lists, reads index, marker and codec, and no fragment."""
    job = CompressJob(
        source=put_tree(object_server, folder, "src"),
        archive=f"{object_server.uri}/a",
        **settings,
    )
    compress(job)
    n_files = 3
    data = [one for one in at_proxy.exchanges if "part-0.parquet" in one.target]
    gets = [one for one in data if one.operation == "GET"]
    assert len(data) <= 4 * n_files
    assert len(gets) == 2 * n_files  # the source once, and what was written, to verify it
    at_proxy.clear()
    assert not compress(job).plan.selected
    assert not [one for one in at_proxy.exchanges if "part-0.parquet" in one.target]
    assert at_proxy.n_requests["PUT"] == 0


def test_backfill_writes_what_changed(
    object_server: ObjectServer, settings: dict[str, Any], folder: Path, at_proxy: FaultProxy
) -> None:
    """A new version of one object is the one that is read, encoded and written."""
    there = put_tree(object_server, folder, "src")
    job = EncodeJob(source=there, archive=f"{object_server.uri}/a", **settings)
    encode(job)
    name = "day=1/part-0.parquet"
    table = pq.ParquetFile(folder / name).read().slice(0, 200)
    pq.write_table(table, folder / name)
    open_store(object_server).put(f"src/{name}", (folder / name).read_bytes())
    at_proxy.clear()
    report = backfill(job)
    assert [one.relative for one in report.plan.selected] == [name]
    touched = {one.target for one in at_proxy.exchanges if "part-0.parquet" in one.target}
    assert all("day%3D1" in target or "day=1/" in target for target in touched)
    verified = verify(VerifyJob(archive=job.archive or "", source=there, **settings))
    assert verified.total.n_rows == 800


def test_gc_removes_objects(
    object_server: ObjectServer, settings: dict[str, Any], folder: Path
) -> None:
    """Garbage goes from the store; what decoding needs stays."""
    job = EncodeJob(
        source=put_tree(object_server, folder, "src"),
        archive=f"{object_server.uri}/a",
        **settings,
    )
    encode(job)
    before = read_tree(object_server, "a")
    former = "_ae/codecs/0123456789abcdef0123/codec.json.zst"
    open_store(object_server).put(f"a/{former}", b"former")
    assert [one.relative for one in gc(f"{object_server.uri}/a", 0.0).garbage] == [
        "_ae/codecs/0123456789abcdef0123"
    ]
    after = read_tree(object_server, "a")
    assert after == before


def test_a_lost_index_costs_requests_alone(
    object_server: ObjectServer, settings: dict[str, Any], folder: Path
) -> None:
    """Without its index, or with a damaged one, a dataset is as current as before."""
    job = CompressJob(
        source=put_tree(object_server, folder, "src"),
        archive=f"{object_server.uri}/a",
        **settings,
    )
    compress(job)
    store = open_store(object_server)
    for change in (
        lambda: store.delete("a/_ae/index.pq"),
        lambda: store.put("a/_ae/index.pq", b"no index"),
    ):
        change()
        assert not compress(job).plan.selected


def test_stores_have_settings_of_their_own(
    moto_server: ObjectServer,
    seaweedfs_server: ObjectServer,
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    scratch: Path,
) -> None:
    """Source and archive may lie with two providers; the job says which endpoint is whose."""
    for name, value in seaweedfs_server.environment.items():
        monkeypatch.setenv(name, value)
    moto_server = make_container(moto_server.named("elsewhere"))
    there = put_tree(seaweedfs_server, folder, "two/src")
    archive = f"{moto_server.uri}/two/a"
    job = CompressJob(
        source=there,
        archive=archive,
        stores={moto_server.uri: {"endpoint": moto_server.endpoint}},
        execution={"scratch": str(scratch), "engine": "processes"},
        **SETTINGS,
    )
    assert not compress(job).failures
    encode(EncodeJob(source=str(folder), archive=str(tmp_path / "a"), **SETTINGS))
    assert fragments(read_tree(moto_server, "two/a")) == fragments(read_folder(tmp_path / "a"))
    assert "secret" not in json.dumps(job.model_dump()).lower()


def test_the_index_of_an_earlier_release_is_taken_over(
    object_server: ObjectServer, settings: dict[str, Any], folder: Path
) -> None:
    """Facts kept under the former name are used, and move where no reader takes them for rows."""
    job = CompressJob(
        source=put_tree(object_server, folder, "src"),
        archive=f"{object_server.uri}/a",
        **settings,
    )
    compress(job)
    store = open_store(object_server)
    store.put("a/_ae/index.pq", read_tree(object_server, "a")["_ae/index.pq"])
    store.delete("a/_ae/index.pq")
    assert not compress(job).plan.selected
    names = {name for name in read_tree(object_server, "a") if name.startswith("_ae/index")}
    assert names == {"_ae/index.pq"}
