"""Parquet by its bytes where the name does not say so: in sources, archives and features alike."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ae_pipeline.config.job import DecodeJob, EncodeJob, EstimateJob, VerifyJob
from ae_pipeline.dataset import discover
from ae_pipeline.upkeep import plan_backfill
from ae_pipeline.verbs import decode, encode, estimate, gc, inspect, verify

NEVER = {"planner": {"learn": "never"}}
EXACT = {**NEVER, "tolerance": {"relative": 0}}
NAMES = (
    "000000_0",
    "PART.PARQUET",
    "a.parq",
    "b.pq",
    "c.snappy.parquet",
    "d.parquet.snappy",
    "e.parquet.gzip",
    "f.PARQUET.GZIP",
    "g",
    "h.0001",
    "day=1/part-0",
)
TABLE = pa.table({"k": list(range(30)), "a": [0.5 * number for number in range(30)]})


def write(root: Path, *names: str) -> Path:
    """The same small table under each name."""
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(TABLE, root / name)
    return root


def test_names_do_not_matter_to_any_verb(tmp_path: Path) -> None:
    """Files of every suffix and of none are encoded, verified, decoded, and keep their codec."""
    source, archive = write(tmp_path / "source", *NAMES), tmp_path / "archive"
    report = encode(EncodeJob(source=str(source), archive=str(archive), **EXACT))
    assert {one.relative for one in report.fragments} == set(NAMES)
    assert not verify(VerifyJob(archive=str(archive), source=str(source))).failures
    decode(DecodeJob(archive=str(archive), decoded=str(tmp_path / "decoded")))
    assert all(pq.ParquetFile(tmp_path / "decoded" / name).read().equals(TABLE) for name in NAMES)
    assert inspect(str(archive)).facts["rows"] == inspect(str(source)).facts["rows"] == 30 * 11
    assert not gc(str(archive), 0.0, is_dry_run=True).garbage
    plan = plan_backfill(EncodeJob(source=str(source), archive=str(archive)))
    assert {one.state for one in plan.fragments} == {"current"}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "not Parquet: no PAR1"),
        (b"a,b\n1,2\n", "not Parquet: no PAR1"),
        (b"PAR", "not Parquet: no PAR1"),
        (b"PAR1", "not Parquet: no PAR1 at its end, cut short or still written"),
        (b"PAR1" + b"x" * 40, "not Parquet: no PAR1 at its end, cut short or still written"),
        (b"x" * 40 + b"PAR1", "not Parquet: no PAR1"),
    ],
)
def test_why_a_file_is_ignored(content: bytes, reason: str, tmp_path: Path) -> None:
    """The reason is what the bytes say, and a name that says Parquet is believed over them."""
    write(tmp_path, "a.parquet")
    (tmp_path / "b").write_bytes(content)
    assert discover(tmp_path).ignored == (f"b ({reason})",)
    (tmp_path / "b").rename(tmp_path / "b.parquet")
    assert len(discover(tmp_path).fragments) == 2


@pytest.mark.parametrize("name", ["b.parquet", "b"])
def test_encrypted_parquet_is_told(name: str, tmp_path: Path) -> None:
    """A file that takes a key fails by name and says so; the others are done."""
    source = write(tmp_path / "source", "a.parquet")
    footer = b"x" * 40
    (source / name).write_bytes(b"PARE" + footer + len(footer).to_bytes(4, "little") + b"PARE")
    report = encode(EncodeJob(source=str(source), archive=str(tmp_path / "archive"), **NEVER))
    assert report.total.n_fragments == 1
    assert [one.relative for one in report.failures] == [name]
    assert "encrypted Parquet" in report.failures[0].message


def test_ignored_files_are_told_in_every_verb(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Encode, backfill, estimate and inspect name what they ignore, and why; the first of many."""
    source = write(tmp_path / "source", "a.parquet")
    (source / "_SUCCESS").touch()
    (source / "x.csv").write_text("a,b")
    line = "2 files ignored: x.csv (not Parquet: no PAR1), _SUCCESS (hidden)"
    job = EncodeJob(source=str(source), archive=str(tmp_path / "archive"), **NEVER)
    for verb in (
        lambda: encode(job),
        lambda: plan_backfill(job),
        lambda: estimate(EstimateJob(source=str(source), tolerances=(0.1,), **NEVER)),
    ):
        caplog.clear()
        verb()
        assert [record.getMessage() for record in caplog.records].count(f"{source}: {line}") == 1
    facts = inspect(str(source)).facts
    assert (facts["files ignored"], facts["of which"]) == (2, line.partition(": ")[2])
    for number in range(100):
        (source / f"{number}.csv").touch()
    assert discover(source).ignored_line.endswith("7.csv (not Parquet: no PAR1) and 94 more")
