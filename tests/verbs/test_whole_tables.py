"""Whole tables as users see them: every column comes back, coded, and which ones stay plain."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ae_pipeline.config.job import DecodeJob, EncodeJob, EstimateJob, VerifyJob
from ae_pipeline.config.selection import SelectionConfig
from ae_pipeline.errors import EmptySourceError, NoFeatureColumnError
from ae_pipeline.results.dataset import DatasetReport
from ae_pipeline.verbs import decode, encode, estimate, inspect, verify
from tests.support.data.datasets import read_table, write_tree
from tests.support.data.orders import orders_table, random_blobs, random_keys
from tests.support.values import assert_same_bits

BLOCK = "ae:block"
PART = "part-0.parquet"
QUICK: dict[str, Any] = {"planner": {"learn": "never", "budget_s": 5.0}}


def round_trip(root: Path, *tables: pa.Table, **settings: Any) -> DatasetReport:
    """Encode tables, one file each, and hold every decoded bit against them."""
    names = [f"part-{number}.parquet" for number in range(len(tables))]
    write_tree(root / "source", dict(zip(names, tables, strict=True)), 1 << 20)
    paths = {"source": str(root / "source"), "archive": str(root / "archive")}
    report = encode(EncodeJob(**paths, **QUICK, tolerance={"relative": 0.0}, **settings))
    assert report.failures == ()
    assert verify(VerifyJob(**paths)).failures == ()
    decode(DecodeJob(archive=paths["archive"], decoded=str(root / "decoded")))
    for name in names:
        assert_same_table(read_table(root / "source" / name), read_table(root / "decoded" / name))
    return report


def assert_same_table(expected: pa.Table, got: pa.Table) -> None:
    """Hold a table against another one, bit for bit."""
    assert got.schema.equals(expected.schema, check_metadata=True)
    for name in expected.column_names:
        assert_same_bits(expected[name].combine_chunks(), got[name].combine_chunks())


def stored(root: Path, name: str = PART) -> list[str]:
    """Columns of an archive's file."""
    return list(pq.read_schema(root / "archive" / name).names)


@pytest.mark.parametrize(
    ("columns", "kept"),
    [
        ({}, ["blob"]),
        ({"keep": ["total", "c*"]}, ["city", "total", "blob"]),
        ({"code": "all"}, []),
        ({"code": "all", "keep": ["at"]}, ["at"]),
        ({"code": "features"}, ["id", "at", "city", "tip", "total", "is_paid", "blob"]),
    ],
    ids=str,
)
def test_settings_decide_which_columns_stay_plain(
    columns: dict[str, Any], kept: list[str], tmp_path: Path
) -> None:
    """`columns.code` and `columns.keep` leave just these columns for other tools to read."""
    table = orders_table(1, 1000).append_column("blob", random_blobs(2, 1000))
    if columns.get("code") == "features":
        columns = {**columns, "feature": ["price"]}
    round_trip(tmp_path, table, columns=columns)
    assert stored(tmp_path) == [*kept, BLOCK]
    plain = pq.read_table(tmp_path / "archive" / PART, columns=kept)
    assert plain.equals(table.select(kept))


def test_a_table_without_floats_needs_settings_only_if_all_is_kept(tmp_path: Path) -> None:
    """Without a single column to encode, the message says so before anything is written."""
    write_tree(tmp_path / "source", {PART: orders_table(1, 50)})
    paths = {"source": str(tmp_path / "source"), "archive": str(tmp_path / "archive")}
    for columns in ({"code": "features"}, {"keep": ["*"]}):
        with pytest.raises(NoFeatureColumnError, match="no column to encode"):
            encode(EncodeJob(**paths, columns=columns))
    assert not (tmp_path / "archive").exists()


def test_what_follows_from_other_columns_costs_next_to_nothing(tmp_path: Path) -> None:
    """A sum of two columns, and an equal column, add a few bytes to blocks and to the model."""
    table = orders_table(1, 6000)
    alone = round_trip(tmp_path / "alone", table.drop_columns(["total"]))
    twin = table.append_column("twin", table["city"])
    whole = round_trip(tmp_path / "whole", twin)
    assert stored(tmp_path / "whole") == [BLOCK]
    assert whole.total.payload_bytes < alone.total.payload_bytes + 60
    assert whole.bytes.model_bytes < alone.bytes.model_bytes + 600


def test_small_fragments_do_not_pay_for_tables(tmp_path: Path) -> None:
    """Fifty rows take the bits that their values need: words and contexts are in the codec."""
    generator = np.random.default_rng(9)
    words = [generator.bytes(9).hex() for _ in range(500)]
    tables = [orders_table(0, 20_000, words), *(orders_table(seed, 50, words) for seed in (1, 2))]
    report = round_trip(tmp_path, *tables)
    assert report.bytes.model["values of the table"] > 1000
    large, *small = sorted(report.fragments, key=lambda one: -one.n_rows)
    for one in small:
        assert one.payload_bytes < 1.3 * large.payload_bytes / 400 + 100


@pytest.mark.parametrize("relative", [0.0, 0.01])
def test_columns_named_like_sub_columns(relative: float, tmp_path: Path) -> None:
    """Names that sub-columns of others have are names like any, exact or within a tolerance."""
    random = np.random.default_rng(1)
    x = pa.array(random.normal(size=500), mask=random.random(500) < 0.3)
    names = ["x", "x?", "x@", "s.f"]
    table = pa.table(dict.fromkeys(names, x)).append_column("s", pa.array([{"f": 1}] * 500))
    write_tree(tmp_path / "source", {PART: table})
    paths = {"source": str(tmp_path / "source"), "archive": str(tmp_path / "archive")}
    exact = [{"match": one, "kind": "absolute", "value": 0.0} for one in ("x?", "s.f")]
    tolerance = {"relative": relative, "rules": exact}
    assert encode(EncodeJob(**paths, **QUICK, tolerance=tolerance)).failures == ()
    assert verify(VerifyJob(**paths)).failures == ()


def test_distinct_keys_cost_no_more_than_plain(tmp_path: Path) -> None:
    """Where nothing can be learned, in numbers or text, an archive is no larger than Parquet is."""
    keys = random_keys(1, 4000)
    texts = [f"{key:016x}" for key in keys.to_pylist()]
    table = pa.table({"key": keys, "text": texts, "kind": np.arange(4000) % 3})
    for code in ("auto", "features"):
        columns = {"code": code, "feature": ["kind"]}
        round_trip(tmp_path / code, table, columns=columns)
    auto, plain = (total_bytes(tmp_path / code) for code in ("auto", "features"))
    assert auto < 1.01 * plain


def total_bytes(root: Path) -> int:
    """All files of an archive."""
    files = (path for path in (root / "archive").rglob("*") if path.is_file())
    return sum(path.stat().st_size for path in files)


def test_columns_without_values_come_back(tmp_path: Path) -> None:
    """Columns of nulls alone, of any type, cost a few bytes and come back with their types."""
    kinds = [pa.null(), pa.int64(), pa.string(), pa.float64(), pa.bool_(), pa.date32()]
    kinds += [pa.decimal128(9, 2), pa.list_(pa.int8()), pa.struct({"a": pa.int16()}), pa.binary()]
    columns = {f"{number}": pa.nulls(500, kind) for number, kind in enumerate(kinds)}
    report = round_trip(tmp_path, pa.table({**columns, "n": np.arange(500)}))
    assert report.total.payload_bytes < 200


def test_empty_tables_come_back(tmp_path: Path) -> None:
    """Fragments without rows keep their schema; a source of nothing else cannot be learned from."""
    empty = orders_table(1, 0)
    round_trip(tmp_path / "some", orders_table(1), empty)
    with pytest.raises(EmptySourceError, match="no rows"):
        round_trip(tmp_path / "none", empty)


@pytest.mark.parametrize("n_rows", [1, 2, 7])
def test_a_few_rows_come_back(n_rows: int, tmp_path: Path) -> None:
    """Tables of hardly any rows are encoded as any other."""
    round_trip(tmp_path, orders_table(1, n_rows))


def test_strings_of_megabytes_come_back(tmp_path: Path) -> None:
    """Values of megabytes, among short ones and in a later file alone, are encoded as they are."""
    generator = np.random.default_rng(0)
    long = ["a" * (1 << 20), bytes(generator.integers(97, 123, 1 << 20, np.uint8)).decode()]
    short = pa.table({"text": [*("short text of row " + str(n) for n in range(500)), *long]})
    later = pa.table({"text": [long[1], "", None, long[0] * 2]})
    report = round_trip(tmp_path, short, later, columns={"code": "all"})
    assert report.total.payload_bytes < 4 << 20


@pytest.mark.slow
def test_two_thousand_columns_come_back(tmp_path: Path) -> None:
    """A table may have thousands of coded columns of few rows."""
    generator = np.random.default_rng(0)
    drivers = generator.integers(0, 50, (20, 60))
    columns = {f"c{n}": drivers[n % 20] * (1 + n // 20) + n for n in range(2000)}
    report = round_trip(tmp_path, pa.table(columns), columns={"code": "all"})
    assert stored(tmp_path) == [BLOCK]
    assert total_bytes(tmp_path) < report.total.source_bytes / 2


def test_columns_and_row_groups_are_decoded_alone(tmp_path: Path) -> None:
    """A selection of coded columns and row groups gives these, whatever they were coded from."""
    n_first = 1 << 17
    table = orders_table(1, n_first + 500).select(["id", "price", "tip", "total"])
    round_trip(tmp_path, table)
    second = SelectionConfig(row_groups=(1,), columns=("total",))
    out = tmp_path / "selected"
    job = DecodeJob(archive=str(tmp_path / "archive"), decoded=str(out), selection=second)
    assert decode(job).failures == ()
    assert read_table(out / PART).equals(table.select(["total"]).slice(n_first))


@pytest.mark.parametrize("columns", [{}, {"code": "features", "feature": ["price"]}], ids=str)
def test_a_forecast_of_a_whole_table_comes_true(columns: dict[str, Any], tmp_path: Path) -> None:
    """Estimate forecasts all files of an archive within 15 %, whatever its columns are."""
    tables = [orders_table(seed, 8000) for seed in range(3)]
    round_trip(tmp_path, *tables, columns=columns)
    source = str(tmp_path / "source")
    found = estimate(EstimateJob(source=source, columns=columns, **QUICK))
    (exact,) = [one for one in (*found.options, *found.others) if one.label == "exact"]
    assert exact.archive_bytes == pytest.approx(total_bytes(tmp_path), rel=0.15)


def test_a_table_without_floats_is_estimated_once(tmp_path: Path) -> None:
    """Where every column is exact there is one option, and no tolerance to choose."""
    write_tree(tmp_path / "source", {PART: orders_table(1)}, 1000)
    found = estimate(EstimateJob(source=str(tmp_path / "source"), **QUICK))
    assert [one.label for one in (*found.options, *found.others)] == ["exact"]
    assert found.recommended == "exact"
    assert found.verdict.startswith("Use it exact")


def test_the_plan_of_a_whole_table_is_its_last_entry(tmp_path: Path) -> None:
    """Inspect shows the table model as the way that was chosen."""
    round_trip(tmp_path, orders_table(1))
    plan = inspect(str(tmp_path / "archive")).plan
    assert [one.name for one in plan if one.is_chosen] == ["table model"]
    assert plan[-1].is_chosen
