"""A tolerance that would flatten a column stops encode, and everybody is told."""

from __future__ import annotations

import shlex
import shutil
import sys
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any  # settings are a YAML tree

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from ae_pipeline.cli.app import main
from ae_pipeline.codec.archive import load_archive_codec
from ae_pipeline.columns import Fidelity
from ae_pipeline.config.job import CompressJob, DecodeJob, EncodeJob, VerifyJob
from ae_pipeline.config.upkeep import DriftConfig
from ae_pipeline.errors import ConfigError, FlattenedColumnError
from ae_pipeline.report.errors import verdict
from ae_pipeline.report.fidelity import fidelity_table
from ae_pipeline.report.presenter import present
from ae_pipeline.results.fidelity import ColumnFidelity
from ae_pipeline.storage import codec_directory, metrics_file, read_marker
from ae_pipeline.verbs import backfill, compress, decode, encode, inspect, verify
from tests.support.codec.trees import read_codec_json, write_codec_json
from tests.support.data.taxi import FLATTENED, KEPT, taxi_table

QUICK: dict[str, Any] = {"planner": {"learn": "never"}}
NAME = "day=1/part-0.parquet"
COARSE = {"match": "*", "kind": "range", "value": 0.01}


@pytest.fixture(scope="module")
def taxi(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two days of trips."""
    root = tmp_path_factory.mktemp("taxi")
    for day in (1, 2):
        (root / f"day={day}").mkdir()
        pq.write_table(taxi_table(1200, day), root / f"day={day}/part-0.parquet")
    return root


def job_of(source: Path, archive: Path, kind: type = EncodeJob, **tolerance: object) -> Any:
    """A job with tolerances, no network."""
    rules = {"rules": [COARSE], **tolerance}
    return kind(source=str(source), archive=str(archive), tolerance=rules, **QUICK)


@pytest.fixture(scope="module")
def flattened(taxi: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive of which somebody said that flattened columns are welcome."""
    archive = tmp_path_factory.mktemp("flattened") / "archive"
    encode(job_of(taxi, archive, accept_flattened=True))
    return archive


@pytest.mark.parametrize(
    ("verb", "kind"), [(encode, EncodeJob), (backfill, EncodeJob), (compress, CompressJob)]
)
def test_a_flattening_tolerance_stops_every_verb_that_fits(
    verb: Any, kind: type, taxi: Path, tmp_path: Path
) -> None:
    """One error names every flattened column with its numbers, and no folder is left behind."""
    with pytest.raises(FlattenedColumnError) as caught:
        verb(job_of(taxi, tmp_path / "archive", kind))
    message = str(caught.value)
    for name in FLATTENED:
        assert f"{name} (within " in message
        assert f"{{match: {name}, kind: absolute, value: " in message
    assert all(f" {name} (" not in message for name in KEPT)
    assert all(word in message for word in ("R2 0.", "IQR ", " -> 2 values", "--accept-flattened"))
    assert not (tmp_path / "archive").exists()


def test_what_was_there_before_stays_unmarked(taxi: Path, tmp_path: Path) -> None:
    """An empty folder that the user made stays, and is not marked as an archive."""
    with pytest.raises(FlattenedColumnError):
        encode(job_of(taxi, tmp_path))
    assert not list(tmp_path.iterdir())


def test_the_rules_of_the_message_keep_every_column(taxi: Path, tmp_path: Path) -> None:
    """Whoever pastes the rules of the message gets an archive without a flattened column."""
    with pytest.raises(FlattenedColumnError) as caught:
        encode(job_of(taxi, tmp_path / "archive"))
    pasted = caught.value.remedy.split("tolerance.rules=")[1].split("' (in")[0]
    rules = [COARSE, *yaml.safe_load(pasted)]
    report = encode(job_of(taxi, tmp_path / "archive", rules=rules))
    assert not report.failures
    verdicts = [found.verdict for found in provenance_of(tmp_path / "archive").columns]
    assert "flattened" not in verdicts


def provenance_of(archive: Path) -> Any:
    """Of the codec in use."""
    marker = read_marker(archive)
    assert marker is not None
    return load_archive_codec(codec_directory(archive, marker.codec_id or "")).provenance


@pytest.mark.parametrize("verb", ["encode", "verify", "verify --source", "decode --source"])
def test_who_accepts_it_is_warned(verb: str, taxi: Path, flattened: Path, tmp_path: Path) -> None:
    """Once flattened columns are accepted, every verb goes on, and its one warning names them."""
    where = {"archive": str(flattened)}
    if verb == "encode":
        report = encode(job_of(taxi, flattened))
    elif verb == "verify":
        report = verify(VerifyJob(**where))
    elif verb == "verify --source":
        report = verify(VerifyJob(source=str(taxi), **where))
    else:
        report = decode(DecodeJob(source=str(taxi), decoded=str(tmp_path / "out"), **where))
    assert not report.failures
    (line,) = report.warnings
    assert all(f"{name} (within" in line for name in FLATTENED)
    assert all(f" {name} (" not in line for name in KEPT)
    assert [column.name for column in report.flattened] == list(FLATTENED)


@pytest.mark.parametrize(
    ("rules", "is_stopped"),
    [
        ([{"match": "fare", "kind": "range", "value": 0.01}], False),
        ([{"match": "far?", "kind": "range", "value": 0.01}], True),
        ([{"match": "fare", "kind": "range", "value": 0.01}, COARSE], True),
        ([COARSE, {"match": "fare", "kind": "exact"}], False),
    ],
    ids=["by its name", "by a glob", "a later glob counts", "exact"],
)
def test_a_rule_for_that_very_column_is_consent(
    rules: list[dict[str, object]], is_stopped: bool, tmp_path: Path
) -> None:
    """Who names a column literally in the rule that counts has thought of it; a glob has not."""
    source = tmp_path / "source.parquet"
    pq.write_table(taxi_table(400).select(["fare"]), source)
    job = job_of(source, tmp_path / "archive", relative=0.01, rules=rules)
    if not is_stopped:
        assert not encode(job).failures
        return
    with pytest.raises(FlattenedColumnError):
        encode(job)


@pytest.mark.parametrize("kind", [pa.float32(), pa.int64(), pa.uint16(), pa.float16()])
def test_columns_of_every_type_are_judged(kind: pa.DataType, tmp_path: Path) -> None:
    """Integers and small floats are flattened, and told, like any other column."""
    generator = np.random.default_rng(1)
    values = np.append(np.round(generator.normal(50, 4, 500)), 60_000.0)
    source = tmp_path / "source.parquet"
    pq.write_table(pa.table({"value": pa.array(values).cast(kind, safe=False)}), source)
    columns = {"feature": ["value"]}
    job = job_of(source, tmp_path / "archive").model_copy(
        update={"columns": EncodeJob(source="x", archive="y", columns=columns).columns}
    )
    with pytest.raises(FlattenedColumnError, match="value \\(within "):
        encode(job)


def test_names_of_columns_are_quoted_where_yaml_needs_it(tmp_path: Path) -> None:
    """The rules of the message are YAML and name the column, whatever its name is."""
    name = "fare, in 'US$' [total]: yes"
    source = tmp_path / "source.parquet"
    pq.write_table(pa.table({name: taxi_table(400)["fare"]}), source)
    with pytest.raises(FlattenedColumnError) as caught:
        encode(job_of(source, tmp_path / "archive"))
    words = caught.value.remedy.split("--set ")[1].split(" (in a job file")[0]
    pasted = shlex.split(words)[0].removeprefix("tolerance.rules=")
    (rule,) = yaml.safe_load(pasted)
    assert rule["match"] == name


def test_accepting_does_not_make_another_codec(flattened: Path, taxi: Path) -> None:
    """A later run finds its archive current, whether or not it says again what is accepted."""
    for accepted in (False, True):
        report = encode(job_of(taxi, flattened, accept_flattened=accepted))
        assert (report.n_written, len(report.failures)) == (0, 0)
    other = job_of(taxi, flattened, relative=0.5, rules=[])
    with pytest.raises(ConfigError, match="fitted with another setting"):
        encode(other)


@pytest.mark.parametrize("verb", ["encode", "backfill", "compress"])
def test_every_verb_that_may_fit_takes_the_option(
    verb: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without --accept-flattened the command ends with one line and exit code 1, with it with 0;
    80 columns are enough for every table and number.
    """  # noqa: D205
    source, archive = tmp_path / "source.parquet", tmp_path / "archive"
    pq.write_table(taxi_table(400).select(["fare", "meter"]), source)
    monkeypatch.setenv("COLUMNS", "80")
    coarse = ("--set", "tolerance.kind=range", "--set", "planner.learn=never")
    arguments = ["ae-pipeline", verb, str(source), str(archive), "--tolerance", "0.01", *coarse]
    monkeypatch.setattr(sys, "argv", arguments)
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == 1
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert line.startswith("error: the tolerance flattens 1 column")
    monkeypatch.setattr(sys, "argv", [*arguments, "--accept-flattened"])
    with suppress(SystemExit):
        main()
    told = capsys.readouterr()
    assert "warning: 1 column flattened by the tolerance: fare (within 4290" in told.err
    (row,) = [line for line in told.out.splitlines() if line.strip().endswith("flattened")]
    assert row.split() == ["fare", "4290", "1", "0", str(len(set(fares(source)))), "2", "flattened"]
    # A title keeps its paths whole, and so does the command that follows.
    lines = (line for line in told.out.splitlines() if str(tmp_path) not in line)
    assert max(map(len, lines)) <= 80


def fares(source: Path) -> list[float]:
    """The column in question."""
    return pq.ParquetFile(source).read()["fare"].to_pylist()


def test_inspect_tells_before_and_after(taxi: Path, flattened: Path) -> None:
    """Of a source inspect says what the default tolerance would leave of each column; of an archive
    and its codec, what its promise leaves.
    """  # noqa: D205
    seen = inspect(str(taxi)).fidelity
    assert [column.name for column in seen] == [*pq.read_schema(taxi / NAME).names[3:]]
    assert not any(column.is_flattened for column in seen)
    folder = flattened / "_ae/codecs"
    for path in (flattened, *folder.iterdir()):
        found = inspect(str(path)).fidelity
        assert [column.name for column in found if column.is_flattened] == list(FLATTENED)
        assert {column.promise for column in found if column.name == "flat"} == {"exact"}


def test_a_source_that_cannot_be_read_is_inspected_all_the_same(tmp_path: Path) -> None:
    """Inspecting a source whose pages are damaged still tells what its footer says."""
    path = tmp_path / "source.parquet"
    pq.write_table(taxi_table(400), path)
    content = path.read_bytes()
    n_footer = 8 + int.from_bytes(content[-8:-4], "little")
    pages = len(content) - n_footer - 4
    path.write_bytes(content[:4] + bytes(pages) + content[-n_footer:])
    found = inspect(str(path))
    assert (found.facts["rows"], found.fidelity) == (400, ())


def test_errors_of_columns_have_r2(taxi: Path, flattened: Path, tmp_path: Path) -> None:
    """The table of metrics has R2 of every column, of all values and of the bulk."""
    paths = {"archive": str(flattened), "decoded": str(tmp_path / "out")}
    report = decode(DecodeJob(source=str(taxi), **paths))
    rows = pq.read_table(metrics_file(tmp_path / "out")).to_pylist()
    (fare,) = [row for row in rows if (row["partition"], row["column"]) == ("total", "fare")]
    assert fare["r2"] > 0.999
    assert fare["r2_bulk"] < 0
    shown = {column.name: column.found for column in report.fidelity}
    assert shown["fare"].r2_bulk == fare["r2_bulk"]
    part = decode(
        DecodeJob(
            source=str(taxi),
            archive=str(flattened),
            decoded=str(tmp_path / "part"),
            selection={"columns": ["tip", "meter"]},
        )
    )
    assert [column.name for column in part.fidelity] == ["tip", "meter"]
    assert [column.name for column in part.flattened] == ["tip"]


def test_codecs_of_former_releases_say_nothing_until_values_are_compared(
    taxi: Path, flattened: Path, tmp_path: Path
) -> None:
    """Without the source nothing is known of their columns; with it, everything but counts is."""
    archive = Path(shutil.copytree(flattened, tmp_path / "archive"))
    (folder,) = (archive / "_ae/codecs").iterdir()
    tree = read_codec_json(folder)
    del tree["provenance"]["columns"]
    write_codec_json(folder, tree)
    report = verify(VerifyJob(archive=str(archive)))
    assert [column.found for column in report.fidelity] == [None] * len(report.features)
    assert fidelity_table(report.fidelity).rows[0][-1] == "not known"
    compared = verify(VerifyJob(archive=str(archive), source=str(taxi)))
    assert [column.name for column in compared.flattened] == list(FLATTENED)
    assert verdict(compared).endswith("sensor, rainfall, late_s.")


def test_a_refit_warns_and_goes_on(
    taxi: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A refit keeps the promise, so it must not stop a night: log and report name the columns."""
    archive = tmp_path / "archive"
    source = Path(shutil.copytree(taxi, tmp_path / "source"))
    encode(job_of(source, archive, accept_flattened=True))
    (source / "day=3").mkdir()
    day = taxi_table(1200, 3)
    shuffled = pa.array(np.random.default_rng(3).permutation(day["meter"].to_numpy()))
    number = day.schema.get_field_index("meter")
    pq.write_table(day.set_column(number, "meter", shuffled), source / "day=3/part-0.parquet")
    job = job_of(source, archive, CompressJob).model_copy(
        update={"drift": DriftConfig(action="refit", growth=1.0)}
    )
    report = compress(job)
    assert report.drift is not None
    assert report.drift.is_drifted
    assert not report.failures
    assert any("8 columns flattened" in line for line in caplog.messages)
    (line,) = present(report).warnings()
    assert all(f"{name} (within" in line for name in FLATTENED)
    assert any(table.title.startswith("What columns keep") for table in present(report).tables())


def test_wide_tables_show_the_worst_first() -> None:
    """Hundreds of columns start with those that lost most, so that a table can be cut."""
    kept = Fidelity(1.0, 1.0, 9, 9, 1.0, "kept")
    columns = [ColumnFidelity(f"c{number}", "within 1", kept) for number in range(300)]
    columns[250] = ColumnFidelity("lost", "within 9", replace(kept, verdict="flattened"))
    table = fidelity_table(columns)
    assert table.rows[0][0] == "lost"
    assert len(table.rows) == 300
    assert "the worst first" in table.title


def test_provenance_tells_what_was_found(flattened: Path) -> None:
    """The codec on disk says of every column what its promise leaves of it."""
    provenance = provenance_of(flattened)
    found = dict(
        zip(verify(VerifyJob(archive=str(flattened))).features, provenance.columns, strict=True)
    )
    assert {name for name, one in found.items() if one.verdict == "flattened"} == set(FLATTENED)
    assert found["fare"].n_before > 300
    assert found["fare"].n_after == 2
    assert found["flat"].verdict == "exact"


def test_a_partition_that_is_finer_than_the_promise_is_told(tmp_path: Path) -> None:
    """What a later partition loses to an older promise is named, though the whole keeps its R2."""
    walk = np.cumsum(np.random.default_rng(0).normal(size=2000))
    source, archive = tmp_path / "source", tmp_path / "archive"
    job = {"source": str(source), "archive": str(archive), **QUICK}
    for day, scale in ((1, 1e6), (2, 1e-3)):
        (source / f"day={day}").mkdir(parents=True)
        pq.write_table(pa.table({"a": walk * scale}), source / f"day={day}/p.parquet")
        backfill(EncodeJob(**job))
    report = verify(VerifyJob(archive=str(archive), source=str(source)))
    assert not report.failures
    assert [w for w in report.warnings if w.startswith("day=2: hardly anything is left of a (R2")]
    assert not [w for w in report.warnings if w.startswith("day=1")]
