"""A tolerance that would flatten a column stops encode, and everybody is told."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any  # settings are a YAML tree

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from ae_pipeline import decode, encode, verify
from ae_pipeline.codec import load_archive_codec
from ae_pipeline.config import CompressJob, DecodeJob, EncodeJob, VerifyJob
from ae_pipeline.errors import ConfigError, FlattenedColumnError
from ae_pipeline.pipeline import backfill, compress
from ae_pipeline.storage import codec_directory, read_marker
from tests.taxi import FLATTENED, KEPT, taxi_table

QUICK: dict[str, Any] = {"planner": {"learn": "never"}}
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
