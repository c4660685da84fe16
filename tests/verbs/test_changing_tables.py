"""Nights after the fit: values, types and relations that its tables have not seen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ae_pipeline.codec.archive import ArchiveCodec, load_archive_codec
from ae_pipeline.config.job import CompressJob, DecodeJob, VerifyJob
from ae_pipeline.results.compress import CompressReport
from ae_pipeline.storage import codec_directory
from ae_pipeline.upkeep import footer_of
from ae_pipeline.verbs import compress, decode, gc, verify
from tests.support.data.datasets import read_table, write_tree
from tests.support.data.orders import CITIES, orders_table

BLOCK = "ae:block"


def night(root: Path, number: int, table: pa.Table, **settings: Any) -> CompressReport:
    """Compress one more day; every bit of all days comes back."""
    write_tree(root / "source", {f"day={number}/part-0.parquet": table}, 1 << 20)
    report = compress(job_for(root, **settings))
    assert report.failures == ()
    check(root)
    return report


def job_for(root: Path, **settings: Any) -> CompressJob:
    """A night that learns for a few seconds."""
    paths = {"source": str(root / "source"), "archive": str(root / "archive")}
    return CompressJob(**paths, planner={"learn": "never", "budget_s": 5.0}, **settings)


def check(root: Path) -> None:
    """Verify the archive, decode it and hold it against the source."""
    paths = {"source": str(root / "source"), "archive": str(root / "archive")}
    assert verify(VerifyJob(**paths)).failures == ()
    out = root / "decoded"
    assert decode(DecodeJob(archive=paths["archive"], decoded=str(out))).failures == ()
    for path in (root / "source").rglob("*.parquet"):
        assert read_table(out / path.relative_to(root / "source")).equals(read_table(path))


def size_of(root: Path, number: int) -> int:
    """Bytes of the archive's file of one day."""
    return (root / f"archive/day={number}/part-0.parquet").stat().st_size


def plain_columns(root: Path, number: int) -> list[str]:
    """Columns that a file of the archive keeps, without the block."""
    names = pq.read_schema(root / f"archive/day={number}/part-0.parquet").names
    return [name for name in names if name != BLOCK]


def codec_of(root: Path, number: int) -> ArchiveCodec:
    """The codec of one day."""
    footer = footer_of(root / f"archive/day={number}/part-0.parquet")
    assert footer is not None
    return load_archive_codec(codec_directory(root / "archive", footer.codec_id))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder with a source of two days and its archive."""
    write_tree(tmp_path / "source", {"day=1/part-0.parquet": orders_table(1)}, 1 << 20)
    night(tmp_path, 2, orders_table(2))
    return tmp_path


def test_words_never_seen_are_coded(root: Path) -> None:
    """A night of new words, beside known ones or alone, takes little more than their letters."""
    words = [f"new town {number:02}" for number in range(10)]
    night(root, 3, orders_table(3, cities=[*CITIES, *words]))
    night(root, 4, orders_table(4, cities=words))
    assert plain_columns(root, 3) == plain_columns(root, 4) == []
    assert max(size_of(root, 3), size_of(root, 4)) < 1.05 * size_of(root, 2) + 200


def test_a_column_may_turn_into_another_type(root: Path) -> None:
    """The day whose prices are text keeps that column plain, and codes the others as before."""
    table = orders_table(3)
    place = table.column_names.index("price")
    night(root, 3, table.set_column(place, "price", table["price"].cast(pa.string())))
    assert plain_columns(root, 3) == ["price"]
    night(root, 4, orders_table(4))
    assert plain_columns(root, 4) == []


def test_columns_may_come_and_go(root: Path) -> None:
    """A new column is kept plain; one that is missing takes nothing, though others need it."""
    night(root, 3, orders_table(3).append_column("new", pa.array(range(3000))))
    assert plain_columns(root, 3) == ["new"]
    night(root, 4, orders_table(4).drop_columns(["tip"]))
    assert plain_columns(root, 4) == []
    night(root, 5, orders_table(5).select(["total", "city", "id", "at", "tip", "price", "is_paid"]))


def test_a_relation_may_break(root: Path, tmp_path: Path) -> None:
    """Totals that no longer add up cost what they do alone; the rest of the day costs no more."""
    report = night(root, 3, orders_table(3, adds_up=False))
    assert report.drift is not None
    (drift,) = report.drift.partitions
    assert drift.is_grown
    alone = tmp_path / "alone"
    night(alone, 3, orders_table(3, adds_up=False))
    assert size_of(root, 3) < 1.01 * size_of(alone, 3) + 200


def test_the_same_kind_of_orders_has_not_drifted(root: Path) -> None:
    """Whole tables without a float are judged by their bytes, and raise no alarm by chance."""
    report = night(root, 3, orders_table(3))
    assert report.drift is not None
    (drift,) = report.drift.partitions
    assert (drift.worst_column, drift.is_shifted, drift.is_grown) == ("", False, False)
    assert drift.growth == pytest.approx(1.0, abs=0.1)


def chained(seed: int, n_rows: int = 6000, *, is_new: bool = False) -> pa.Table:
    """A walk, and numbers that follow from it in one of two ways; a code as number or as text."""
    generator = np.random.default_rng(seed)
    value = generator.integers(0, 10_000, n_rows)
    other = generator.integers(0, 10_000, n_rows)
    follows = 3 * other - value if is_new else value + 2 * other
    code = pa.array(value % 97)
    columns = {
        "value": pa.array(value),
        "other": pa.array(other),
        "follows": pa.array(follows),
        "code": code.cast(pa.string()) if is_new else code,
        "level": pa.array(np.round(generator.normal(size=n_rows), 1)),
    }
    return pa.table(columns)


def test_a_refit_learns_the_new_table(tmp_path: Path) -> None:
    """A refit codes columns by the types and relations of now, and features stay features."""
    exact = {"tolerance": {"relative": 0.0}, "drift": {"action": "refit"}}
    night(tmp_path, 1, chained(1), **exact)
    before = codec_of(tmp_path, 1)
    report = night(tmp_path, 2, chained(2, is_new=True), **exact)
    assert report.drift is not None
    after = codec_of(tmp_path, 2)
    assert report.drift.new_codec_id == after.id != before.id
    assert after.schema.features == before.schema.features == ("level",)
    assert after.promises == before.promises
    assert after.schema.arrow.field("code").type == pa.string()
    assert plain_columns(tmp_path, 1) == plain_columns(tmp_path, 2) == []
    assert size_of(tmp_path, 2) < 1.1 * size_of(tmp_path, 1)
    night(tmp_path, 3, chained(3), **exact)
    night(tmp_path, 4, chained(4, is_new=True), **exact)
    assert codec_of(tmp_path, 3).id == before.id
    assert codec_of(tmp_path, 4).id == after.id
    assert len(list((tmp_path / "archive/_ae/codecs").iterdir())) == 2
    assert gc(str(tmp_path / "archive"), grace_s=0.0).garbage == ()
    check(tmp_path)


def test_direct_keeps_columns_coded_without_a_model(tmp_path: Path) -> None:
    """Without prediction there is no table model, and the same columns are coded."""
    direct = {"tolerance": {"relative": 0.0}, "drift": {"action": "direct"}}
    night(tmp_path, 1, chained(1), **direct)
    new = chained(2, is_new=True).drop_columns(["code"])
    night(tmp_path, 2, new.append_column("code", chained(2)["code"]), **direct)
    before, after = codec_of(tmp_path, 1), codec_of(tmp_path, 2)
    assert before.table is not None
    assert before.table.model.models
    assert after.table is not None
    assert (after.predictor, after.table.model.models) == (None, ())
    assert after.coded_columns == before.coded_columns
    assert plain_columns(tmp_path, 2) == []


def test_sources_are_deleted_after_every_bit_was_compared(tmp_path: Path) -> None:
    """With retention, sources of whole tables go once they are read back, and decode as before."""
    tables = {f"day={day}/part-0.parquet": orders_table(day) for day in (1, 2, 3)}
    source = write_tree(tmp_path / "source", tables, 1 << 20)
    job = job_for(tmp_path, retention={"delete_source": "after_verify"})
    report = compress(job)
    assert report.failures == ()
    assert not list(source.rglob("*.parquet"))
    out = tmp_path / "out"
    assert decode(DecodeJob(archive=job.archive, decoded=str(out))).failures == ()
    for relative, table in tables.items():
        assert read_table(out / relative).equals(table)
