"""The engine changes who works, not what is made."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

import pytest

from ae_pipeline.config.job import DecodeJob, EncodeJob, ExecutionConfig, VerifyJob
from ae_pipeline.results.progress import silent
from ae_pipeline.verbs import decode, encode, verify
from ae_pipeline.work import carry_out
from tests.support.data.datasets import mixed_tree
from tests.support.faults.works import NamedWork, fragments

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
