"""The flows against a real server: states, names, artifacts, parameters, failures."""

from __future__ import annotations

import errno
import json
import logging
import re
from pathlib import Path
from typing import Any  # Prefect's flow type is generic in everything

import pytest
from prefect import Flow, flow, task
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import State
from prefect.utilities.schema_tools import ValidationError, validate

from ae_pipeline.config.job import (
    BackfillJob,
    CompressJob,
    DecodeJob,
    EncodeJob,
    ExecutionConfig,
    FitJob,
    JobConfig,
    MainJob,
    VerifyJob,
)
from ae_pipeline.dataset import Fragment
from ae_pipeline.errors import AePipelineError
from ae_pipeline.fragments import EncodePlan
from ae_pipeline.results.dataset import FragmentFailure
from ae_pipeline.work import Outcome
from flows.backfill import backfill
from flows.compress import compress
from flows.decode import decode
from flows.encode import encode, encode_batch
from flows.fit import fit
from flows.main_job import main_job
from flows.pages.artifacts import artifact_key
from flows.runtime.batches import TransientError, checked, merge_outcomes, split_plan
from flows.runtime.log_lines import FewLines, is_news
from flows.runtime.states import WORK, is_worth_retrying
from flows.verify import verify
from tests.support.data.datasets import mixed_tree
from tests.support.flows.artifacts import artifacts_by_key

pytestmark = pytest.mark.flow

FAST = {"training": {"epochs": 1}, "network": {"latent_dim": 2}, "execution": {"retries": 0}}


def job_for(kind: type[JobConfig], source: Path, folder: Path, **settings: object) -> JobConfig:
    """A quick job that keeps all its outputs in `folder`."""
    paths = {name: str(folder / name) for name in ("codec", "features", "decoded")}
    return kind(source=str(source), **paths, **{**FAST, **settings})


@pytest.fixture(scope="module")
def finished(source: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, State]:
    """Outputs and final state of one whole main job."""
    folder = tmp_path_factory.mktemp("main")
    state = main_job(job_for(MainJob, source, folder), return_state=True)
    return folder, state


def test_main_job_completes(finished: tuple[Path, State]) -> None:
    """The main job ends COMPLETED and returns metrics per partition."""
    _, state = finished
    assert state.is_completed()
    report = state.result()
    assert [partition.partition for partition in report.partitions] == ["day=1", "day=2", "day=10"]
    assert report.total.metrics.n_mismatched == 0


def test_runs_are_named_after_their_dataset(finished: tuple[Path, State]) -> None:
    """Run names say verb and dataset."""
    with get_client(sync_client=True) as client:
        names = {run.name for run in client.read_flow_runs()}
    assert {"main-job mixed", "fit mixed", "encode mixed", "decode mixed"} <= names


def test_artifacts_hold_the_tables(finished: tuple[Path, State], source: Path) -> None:
    """Each flow leaves tables of partitions and columns, and a page that leads with the whole."""
    artifacts = artifacts_by_key()
    kinds = ("main-job", "fit", "encode", "encode-partitions", "encode-bytes")
    kinds += ("decode", "decode-partitions", "decode-columns")
    assert {artifact_key(kind, str(source)) for kind in kinds} <= set(artifacts)
    rows = json.loads(artifacts[artifact_key("decode-partitions", str(source))].data)
    assert {"partition", "state", "MSE", "max", "ratio"} <= set(rows[0])
    page = artifacts[artifact_key("decode", str(source))].data
    assert page.startswith("Source ")
    assert "model and all else counted" in page.splitlines()[0]
    assert "**decoded" in page


def test_again_changes_nothing(source: Path, finished: tuple[Path, State]) -> None:
    """Running the main job again keeps codec and features as they are."""
    folder, _ = finished
    files = sorted((folder / "features").rglob("*.parquet"))
    before = [file.stat().st_mtime_ns for file in files]
    assert main_job(job_for(MainJob, source, folder), return_state=True).is_completed()
    assert [file.stat().st_mtime_ns for file in files] == before


def test_archive_is_encoded_verified_and_decoded(source: Path, tmp_path: Path) -> None:
    """The same flows write an archive, hold it to its promise, and decode it."""
    common = {"tolerance": {"relative": 0.01}, "training": {"max_steps": 20}}
    archive = str(tmp_path / "archive")
    job = EncodeJob(source=str(source), archive=archive, **common)
    assert encode(job, return_state=True).is_completed()
    state = verify(VerifyJob(archive=archive, source=str(source)), return_state=True)
    assert state.is_completed()
    assert state.result().total.metrics.n_mismatched == 0
    artifacts = {key: one.data for key, one in artifacts_by_key().items()}
    for kind, dataset in (("encode-bytes", str(source)), ("verify-bytes", archive)):
        rows = json.loads(artifacts[artifact_key(kind, dataset)])
        assert rows[-1]["part"] == "total"
        assert sum(row["bytes"] for row in rows[:-1]) == rows[-1]["bytes"]
    assert "Every value is within its promise" in artifacts[artifact_key("verify", archive)]
    rows = json.loads(artifacts[artifact_key("verify-partitions", archive)])
    assert {row["state"] for row in rows} == {"verified"}
    assert all(0 < row["max/tol"] <= 1 and row["MSE"] > 0 and row["ratio"] > 1 for row in rows)
    assert "fragments=3 failed=0 rows=900" in state.message
    out = str(tmp_path / "out")
    job = DecodeJob(archive=archive, decoded=out, source=str(source))
    assert decode(job, return_state=True).is_completed()


def test_failed_fragment_fails_the_run(source: Path, tmp_path: Path) -> None:
    """One damaged fragment is named in the Failed state while the others are written."""
    broken = mixed_tree(tmp_path / "broken")
    assert fit(job_for(FitJob, source, tmp_path), return_state=True).is_completed()
    path = broken / "day=2/part-0.parquet"
    path.write_bytes(path.read_bytes()[:99])
    state = encode(job_for(EncodeJob, broken, tmp_path), return_state=True)
    assert state.is_failed()
    assert "1 of 3 fragments failed" in state.message
    assert "day=2/part-0.parquet" in state.message
    assert len(list((tmp_path / "features").rglob("*.parquet"))) == 2


@pytest.mark.parametrize(("run", "kind"), [(fit, FitJob), (encode, EncodeJob), (decode, DecodeJob)])
def test_bad_job_fails_in_one_line(
    run: Flow[..., Any], kind: type[JobConfig], tmp_path: Path
) -> None:
    """A job that cannot run ends Failed with our one-line message, and nothing is written."""
    state = run(job_for(kind, tmp_path / "nowhere", tmp_path), return_state=True)
    assert state.is_failed()
    assert state.message.startswith("no such file or folder")
    assert list(tmp_path.iterdir()) == []


#: Flow, its job, what must be filled in, and the fields with which the form begins.
FORMS = [
    (fit, FitJob, {"source", "codec"}, ["source", "codec", "codec_for", "columns"]),
    (encode, EncodeJob, {"source"}, ["source", "archive", "features", "tolerance"]),
    (backfill, BackfillJob, {"source"}, ["source", "archive", "features", "backfill"]),
    (compress, CompressJob, {"source", "archive"}, ["source", "archive", "tolerance", "columns"]),
    (decode, DecodeJob, {"decoded"}, ["decoded", "archive", "features", "source"]),
    (verify, VerifyJob, {"archive"}, ["archive", "source", "selection"]),
    (
        main_job,
        MainJob,
        {"source", "codec", "features", "decoded"},
        ["source", "codec", "features", "decoded"],
    ),
]


@pytest.mark.parametrize(("run", "kind", "required", "first"), FORMS)
def test_forms_begin_with_essentials(
    run: Flow[..., Any], kind: type[JobConfig], required: set[str], first: list[str]
) -> None:
    """A deployment's form begins with what most fill in; what has a usual value is marked."""
    form = run.parameters.model_dump()["definitions"][kind.__name__]
    fields = form["properties"]
    assert set(form["required"]) == required <= set(first)
    assert sorted(fields, key=lambda name: fields[name]["position"])[: len(first)] == first
    marks = [fields[name]["title"].startswith("Advanced: ") for name in fields]
    assert marks == sorted(marks)
    assert not any(marks[: len(first)])


@pytest.mark.parametrize("run", [run for run, *_ in FORMS])
def test_every_field_is_described(run: Flow[..., Any]) -> None:
    """Each field of a form and of its groups has a title and a sentence."""
    for definition in run.parameters.model_dump()["definitions"].values():
        for name, field in definition["properties"].items():
            assert field["title"], name
            assert field["description"].endswith((".", "'", '"')), name


@pytest.mark.parametrize(("run", "kind"), [(run, kind) for run, kind, *_ in FORMS])
def test_unused_settings_are_accepted(
    run: Flow[..., Any], kind: type[JobConfig], tmp_path: Path
) -> None:
    """One job serves every flow, whatever its form shows; only unknown settings are refused."""
    schema = run.parameters.model_dump()
    paths = {name: name for name in ("source", "codec", "features", "archive", "decoded")}
    job = {**JobConfig().model_dump(mode="json", exclude_none=True), **paths}
    assert set(job) > set(schema["definitions"][kind.__name__]["properties"]) - {"stores"}
    validate({"job": job}, schema, raise_on_error=True)
    with pytest.raises(ValidationError, match="sauce"):
        validate({"job": {**job, "sauce": "x"}}, schema, raise_on_error=True)


def test_flow_takes_plain_parameters(source: Path, tmp_path: Path) -> None:
    """A deployment passes the job as JSON; the flow checks it and runs all the same."""
    job = job_for(FitJob, source, tmp_path).model_dump(mode="json")
    assert fit(job, return_state=True).is_completed()


def fragment(number: int, size_bytes: int) -> Fragment:
    """A fragment that need not exist."""
    return Fragment(Path(f"/{number}.parquet"), f"{number}.parquet", size_bytes)


@pytest.mark.parametrize(
    ("n_fragments", "megabytes", "settings", "expected"),
    [
        (5, 100, {"workers": 2}, [5]),
        (20, 100, {"workers": 2}, [8, 8, 4]),
        (20, 2, {"workers": 2}, [16, 4]),
        (600, 0, {"workers": 2}, [250, 250, 100]),
        (5, 0, {"fragments_per_task": 2}, [2, 2, 1]),
        (5000, 100, {"workers": 1}, [50] * 100),
        (2000, 100, {"engine": "dask"}, [1024, 976]),
    ],
)
def test_batches_are_few_and_complete(
    n_fragments: int, megabytes: int, settings: dict[str, Any], expected: list[int]
) -> None:
    """Every fragment is in one batch, in order; a run has about 100 tasks, small ones fewer."""
    fragments = tuple(fragment(number, megabytes * 10**6) for number in range(n_fragments))
    plan = EncodePlan(fragments, "out", "id", {}, False)
    batches = split_plan(plan, ExecutionConfig(**settings))
    assert [len(batch.fragments) for batch in batches] == expected
    assert sum((batch.fragments for batch in batches), ()) == plan.fragments


def test_lines_are_few_and_counted() -> None:
    """After a burst of lines only some come through, which count the others; warnings all do."""
    seconds = [0.0]
    few = FewLines(burst=2, per_second=1.0, clock=lambda: seconds[0])

    def told(level: int = logging.INFO) -> str | None:
        record = logging.LogRecord("encode", level, "", 0, "encoded %s", ("x",), None)
        return record.getMessage() if few.filter(record) else None

    assert [told() for _ in range(5)] == ["encoded x", "encoded x", None, None, None]
    assert told(logging.WARNING) == "encoded x"
    seconds[0] = 1.0
    assert [told(), told()] == ["encoded x (3 lines left out)", None]
    seconds[0] = 100.0
    assert [told(), told(), told()] == ["encoded x (1 lines left out)", "encoded x", None]


def test_tracebacks_are_of_bugs() -> None:
    """An error of ours is no news to a log that has the run's state; a bug's traceback is."""

    def is_told(error: Exception) -> bool:
        exc_info = (type(error), error, None)
        record = logging.LogRecord("engine", logging.ERROR, "", 0, "unexpected", (), exc_info)
        return is_news(record)

    assert is_told(ZeroDivisionError())
    assert not is_told(AePipelineError("no such column"))


def test_outcomes_merge_in_order() -> None:
    """Failures of all batches are kept, in order."""
    failures = [FragmentFailure(str(i), "broken", False) for i in range(3)]
    parts = [Outcome((), (failure,)) for failure in failures]
    assert merge_outcomes(parts).failures == tuple(failures)


def test_artifact_keys_are_valid() -> None:
    """Keys hold lower-case letters, digits and dashes only, whatever the dataset is called."""
    assert re.fullmatch("fit-sales-2026-v2-[0-9a-f]{6}", artifact_key("fit", "/Sales 2026_v2/"))
    assert re.fullmatch("fit-dataset-[0-9a-f]{6}", artifact_key("fit", "/"))


def test_artifact_keys_are_of_one_dataset(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """However a dataset's path is written its key is the same, and another dataset's is not."""
    monkeypatch.chdir(tmp_path)
    key = artifact_key("fit", str(tmp_path / "a/archive"))
    assert artifact_key("fit", "a/archive") == artifact_key("fit", "b/../a/archive/") == key
    assert artifact_key("fit", "b/archive") != key


def test_io_trouble_is_tried_again() -> None:
    """I/O trouble is tried as often as the settings say, damage once; both end in the outcome."""
    attempts: list[str] = []

    @task(**{**WORK, "retry_delay_seconds": 0})
    def batch(failure: FragmentFailure, execution: ExecutionConfig) -> Outcome:
        attempts.append(failure.relative)
        return checked(Outcome((), (failure,)), execution)

    @flow
    def trouble() -> list[Outcome]:
        execution = ExecutionConfig(retries=2)
        failures = (
            FragmentFailure("trouble", "I/O error", is_retriable=True),
            FragmentFailure("damage", "corrupt", is_retriable=False),
        )
        return [batch.with_options(retries=2)(failure, execution) for failure in failures]

    outcomes = trouble()
    assert attempts == ["trouble"] * 3 + ["damage"]
    assert [outcome.failures[0].relative for outcome in outcomes] == ["trouble", "damage"]


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (OSError(errno.EIO, "I/O error"), True),
        (TransientError("a"), True),
        (AePipelineError("damaged"), False),
        (ValueError("bug"), False),
    ],
)
def test_retry_condition(error: Exception, expected: bool) -> None:
    """The operating system's errors are worth a retry; ours and bugs are not."""
    state = State(type="FAILED", data=error)
    assert is_worth_retrying(encode_batch, None, state) is expected
