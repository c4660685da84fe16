"""The engine changes who works, not what is made."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ae_pipeline.config.job import DecodeJob, EncodeJob, ExecutionConfig, VerifyJob
from ae_pipeline.results.dataset import FragmentFailure
from ae_pipeline.results.progress import silent
from ae_pipeline.verbs import decode, encode, verify
from ae_pipeline.work import carry_out, gather
from tests.support.data.datasets import mixed_tree, write_tree
from tests.support.faults.works import NamedWork, Spelling, Word, fragments

Engine = Literal["threads", "processes"]


def test_small_work_stays_here(tmp_path: Path) -> None:
    """Without being told, nobody starts a process for less work than its start is."""
    outcome = carry_out(
        NamedWork(tmp_path),
        fragments("a", "b", "c", "d"),
        execution=ExecutionConfig(),
        stage="test",
        progress=silent,
    )
    assert {one.n_rows for one in outcome.results} == {os.getpid()}


@pytest.mark.parametrize("engine", ["threads", "processes"])
def test_any_items_are_worked_on(engine: Engine, tmp_path: Path) -> None:
    """What is made of each item comes in order, and a failure in the place of what cannot be."""
    made = gather(
        Spelling(tmp_path),
        [Word("b"), Word("damaged"), Word("ac"), Word("slow")],
        execution=ExecutionConfig(engine=engine),
        stage="test",
        progress=silent,
    )
    assert made[::2] == [["b"], ["a", "c"]]
    failures = [one for one in made[1::2] if isinstance(one, FragmentFailure)]
    assert [(one.relative, one.is_damage, one.is_retriable) for one in failures] == [
        ("damaged", True, False),
        ("slow", False, True),
    ]


def test_an_item_that_kills_its_workers_is_named(tmp_path: Path) -> None:
    """After two deaths an item has failed, whatever kind of item it is; the others are done."""
    first, failure, last = gather(
        Spelling(tmp_path),
        [Word("a"), Word("fatal"), Word("b")],
        execution=ExecutionConfig(engine="processes"),
        stage="test",
        progress=silent,
    )
    assert (first, last) == (["a"], ["b"])
    assert "2 worker processes died at it" in str(failure)


def test_no_items_need_no_workers(tmp_path: Path) -> None:
    """Nothing is opened for nothing to do, on any engine."""
    execution = ExecutionConfig(engine="dask", dask_address="tcp://nowhere:1")
    work = Spelling(tmp_path)
    assert gather(work, [], execution=execution, stage="test", progress=silent) == []


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a source, and what each engine makes of it."""
    folder = tmp_path_factory.mktemp("engines")
    mixed_tree(folder / "source")
    codec: str | None = None
    for engine in ("threads", "processes"):
        root, execution = folder / engine, {"engine": engine}
        job = EncodeJob(
            source=str(folder / "source"),
            archive=str(root / "archive"),
            codec=codec,
            execution=execution,
        )
        report = encode(job)
        codec = codec or str(root / "archive" / "_ae" / "codecs" / report.codec_ids[0])
        decode(
            DecodeJob(
                archive=str(root / "archive"), decoded=str(root / "decoded"), execution=execution
            )
        )
    return folder


def files_below(root: Path) -> dict[str, bytes]:
    """Bytes of all data files below a folder."""
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*.parquet")}


@pytest.mark.parametrize("part", ["archive", "decoded"])
def test_same_bytes(made: Path, part: str) -> None:
    """Files do not tell whether threads or processes wrote them."""
    files = files_below(made / "threads" / part)
    assert files
    assert files_below(made / "processes" / part) == files


def test_same_report(made: Path) -> None:
    """What workers in processes measure arrives whole, errors of every column among it."""

    def verified(engine: Engine) -> object:
        job = VerifyJob(
            archive=str(made / "threads" / "archive"),
            source=str(made / "source"),
            execution={"engine": engine},
        )
        report = verify(job)
        assert not report.failures
        return report.total, report.partitions

    assert repr(verified("processes")) == repr(verified("threads"))


class Money(pa.ExtensionType):
    """An extension type that this process alone knows."""

    def __init__(self) -> None:
        super().__init__(pa.int64(), "tests.money")

    def __arrow_ext_serialize__(self) -> bytes:
        return b""

    @classmethod
    def __arrow_ext_deserialize__(cls, storage_type: pa.DataType, serialized: bytes) -> Money:
        return cls()


def test_workers_need_not_know_extension_types(tmp_path: Path) -> None:
    """A column of a type that only the job has registered is coded by its storage elsewhere."""
    pa.register_extension_type(Money())
    try:
        table = pa.table({"m": pa.ExtensionArray.from_storage(Money(), pa.array(range(500)))})
        write_tree(tmp_path / "source", {"a.parquet": table, "b.parquet": table})
        execution = {"engine": "processes"}
        archive, decoded = str(tmp_path / "archive"), str(tmp_path / "decoded")
        made = encode(
            EncodeJob(source=str(tmp_path / "source"), archive=archive, execution=execution)
        )
        assert not made.failures
        report = decode(DecodeJob(archive=archive, decoded=decoded, execution=execution))
        assert not report.failures
        assert pq.read_table(tmp_path / "decoded" / "b.parquet").equals(table)
    finally:
        pa.unregister_extension_type("tests.money")
