"""Delta Lake: exactly the rows of each version, whatever was done to the table."""

from __future__ import annotations

import shutil
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable, write_deltalake
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ae_pipeline.errors import EmptySourceError, SourceNotFoundError, TableFormatError
from ae_pipeline.lake.delta import is_delta
from tests.support.checks import assert_one_line
from tests.support.lake import Rows, add, as_rows, field, names_of, read, rows_of, write_log

#: A column of every kind, with a null in each.
EVERYTHING = pa.table(
    {
        "tiny": pa.array([1, None, -128], pa.int8()),
        "short": pa.array([1, None, -(2**15)], pa.int16()),
        "number": pa.array([1, None, 2**31 - 1], pa.int32()),
        "long": pa.array([1, None, -(2**63)], pa.int64()),
        "real": pa.array([0.5, None, float("nan")], pa.float32()),
        "double": pa.array([0.1, None, float("-inf")]),
        "text": ["", None, "ü\n"],
        "bytes": pa.array([b"", None, b"\0"]),
        "flag": [True, None, False],
        "day": pa.array([date(1, 1, 1), None, date(9999, 12, 31)]),
        "at": pa.array([datetime(2024, 1, 1, tzinfo=UTC), None, datetime(1900, 1, 1, tzinfo=UTC)]),
        "wall": pa.array([datetime(2024, 1, 1, 0, 0, 0, 1), None, datetime(1900, 1, 1)]),
        "money": pa.array([Decimal("1.20"), None, Decimal("-99.99")], pa.decimal128(10, 2)),
        "list": [[1, None], None, []],
        "struct": [{"a": 1, "b": "x"}, None, {"a": None, "b": None}],
        "map": pa.array([[("k", 1.5)], None, []], pa.map_(pa.string(), pa.float64())),
    }
)


def test_all_types(tmp_path: Path) -> None:
    """Values of every type come from the files as they are, nulls and NaN included."""
    write_deltalake(tmp_path / "t", EVERYTHING)
    assert rows_of(f"delta://{tmp_path}/t") == as_rows(EVERYTHING)


def test_each_version_has_its_rows(tmp_path: Path) -> None:
    """Appended, deleted, overwritten, compacted, merged: each version keeps the rows it had."""
    table, one = tmp_path / "t", pa.table({"a": [1, 2, 3]})
    known: dict[int, Rows] = {}

    def note(**rows: int) -> None:
        columns = {"a": pa.int64(), "b": pa.string()} if "a9" in rows else {"a": pa.int64()}
        made = [
            {"a": int(name[1:]), "b": "new" if name == "a9" else None}
            for name, number in rows.items()
            for _ in range(number)
        ]
        shown = pa.Table.from_pylist(made, pa.schema(columns))
        known[DeltaTable(table).version()] = as_rows(shown)

    write_deltalake(table, one)
    note(a1=1, a2=1, a3=1)
    write_deltalake(table, one, mode="append")
    note(a1=2, a2=2, a3=2)
    DeltaTable(table).optimize.compact()
    note(a1=2, a2=2, a3=2)
    DeltaTable(table).delete("a = 2")
    note(a1=2, a3=2)
    write_deltalake(table, pa.table({"a": [9], "b": ["new"]}), mode="append", schema_mode="merge")
    note(a1=2, a3=2, a9=1)
    write_deltalake(table, one, mode="overwrite", schema_mode="overwrite")
    note(a1=1, a2=1, a3=1)
    assert len(known) == 6
    for version, rows in known.items():
        assert rows_of(f"delta://{table}@{version}") == rows, version
    assert rows_of(f"delta://{table}") == rows_of(str(table)) == known[5]


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("append"), st.lists(st.integers(0, 5), min_size=1, max_size=4)),
        st.tuples(st.just("overwrite"), st.lists(st.integers(0, 5), min_size=1, max_size=4)),
        st.tuples(st.just("delete"), st.integers(0, 5)),
        st.tuples(st.just("optimize"), st.none()),
        st.tuples(st.just("column"), st.integers(0, 3)),
        st.tuples(st.just("checkpoint"), st.none()),
    ),
    max_size=7,
)


def _row(a: int, columns: int) -> dict[str, Any]:
    return {"a": a, "p": str(a % 2), **{f"c{number}": a / 2 for number in range(columns)}}


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=STEPS, is_cut=st.booleans(), vacuums=st.booleans())
def test_any_history(
    steps: list[tuple[str, Any]], is_cut: bool, vacuums: bool, tmp_path: Path
) -> None:
    """Whatever was done to a table, each version that is still there has exactly its rows."""
    table, columns, rows = tmp_path / "t", 0, [_row(1, 0)]
    shutil.rmtree(table, ignore_errors=True)
    by = ["p"] if is_cut else None
    write_deltalake(table, pa.Table.from_pylist(rows), partition_by=by)
    known = {0: (rows, 0)}
    for verb, what in steps:
        if verb == "column":
            columns += 1
            rows = [*rows, _row(what, columns)]
            more = pa.Table.from_pylist([_row(what, columns)])
            write_deltalake(table, more, mode="append", schema_mode="merge", partition_by=by)
        elif verb in ("append", "overwrite"):
            made = [_row(a, columns) for a in what]
            rows = [*rows, *made] if verb == "append" else made
            write_deltalake(table, pa.Table.from_pylist(made), mode=verb, partition_by=by)
        elif verb == "delete":
            rows = [row for row in rows if row["a"] != what]
            DeltaTable(table).delete(f"a = {what}")
        elif verb == "optimize":
            DeltaTable(table).optimize.compact()
        else:
            DeltaTable(table).create_checkpoint()
        known[DeltaTable(table).version()] = rows, columns
    newest = max(known)
    if vacuums:
        DeltaTable(table).vacuum(0, dry_run=False, enforce_retention_duration=False)
        known = {newest: known[newest]}
    for version, (expected, n_columns) in known.items():
        _check(f"delta://{table}@{version}", expected, n_columns, is_cut)


def _check(source: str, expected: list[dict[str, Any]], n_columns: int, is_cut: bool) -> None:
    if not expected:
        with pytest.raises(EmptySourceError):
            rows_of(source)
        return
    names = list(_row(0, n_columns))
    full = [{name: row.get(name) for name in names} for row in expected]
    assert rows_of(source, is_cut) == as_rows(pa.Table.from_pylist(full))


def test_partitions_come_from_the_log(tmp_path: Path) -> None:
    """Folders are named by the log's values, escaped as hive does; null has hive's own name."""
    values = pa.table(
        {
            "x": [1.0, 2.0, 3.0],
            "p": ["a b=ü", "50%/x", None],
            "day": pa.array([date(2024, 1, 1), None, None]),
            "flag": [True, False, None],
        }
    )
    write_deltalake(tmp_path / "t", values, partition_by=["p", "day", "flag"])
    null = "__HIVE_DEFAULT_PARTITION__"
    assert sorted(name.rpartition("/")[0] for name in names_of(f"delta://{tmp_path}/t")) == [
        f"p=50%25%2Fx/day={null}/flag=false",
        f"p={null}/day={null}/flag={null}",
        "p=a b%3Dü/day=2024-01-01/flag=true",
    ]
    texts = {
        "x": [1.0, 2.0, 3.0],
        "p": ["a b=ü", "50%/x", None],
        "day": ["2024-01-01", None, None],
        "flag": ["true", "false", None],
    }
    assert rows_of(f"delta://{tmp_path}/t", with_partitions=True) == as_rows(pa.table(texts))


@pytest.mark.parametrize("mode", ["name", "id"])
def test_mapped_columns(mode: str, tmp_path: Path) -> None:
    """Renamed columns, also inside of structs, are found by physical names or by ids."""
    table = tmp_path / "a täble"
    table.mkdir()
    ids = [{"PARQUET:field_id": "1"}, {"PARQUET:field_id": "2"}]
    inner = pa.struct([pa.field("x9", pa.int64(), metadata={"PARQUET:field_id": "3"})])
    stored = pa.schema(
        [
            pa.field("x1", pa.int32(), metadata=ids[0]),
            pa.field("x2", inner, metadata=ids[1]),
        ]
    )
    rows = pa.table([pa.array([1, None], pa.int32()), pa.array([{"x9": 5}, None], inner)], stored)
    pq.write_table(rows, table / "f 1.parquet")
    struct = {"type": "struct", "fields": [field("deep", "long", id=3, physicalName="x9")]}
    fields = [
        field("s", struct, id=2, physicalName="x2"),
        field("new name", "long", id=1, physicalName="x1"),
        field("absent", "string", id=4, physicalName="x4"),
    ]
    adds = [add("f%201.parquet", (table / "f 1.parquet").stat().st_size)]
    write_log(table, fields, adds, **{"delta_columnMapping_mode": mode})
    expected = [
        {"s": {"deep": 5}, "new name": 1, "absent": None},
        {"s": None, "new name": None, "absent": None},
    ]
    assert rows_of(f"delta://{table}") == as_rows(pa.Table.from_pylist(expected))


def test_clones_lead_to_files_elsewhere(tmp_path: Path) -> None:
    """Absolute paths in a log are followed on this machine, and refused in a store."""
    other = tmp_path / "other"
    other.mkdir()
    pq.write_table(pa.table({"a": [1, 2]}), other / "a.parquet")
    size = (other / "a.parquet").stat().st_size
    fields = [field("a", "long")]
    near = write_log(tmp_path / "near", fields, [add(f"file://{other}/a.parquet", size)])
    assert rows_of(str(near)) == as_rows(pa.table({"a": [1, 2]}))
    far = write_log(tmp_path / "far", fields, [add("s3://bucket/a.parquet", size)])
    with pytest.raises(TableFormatError) as caught:
        rows_of(str(far))
    assert_one_line(caught.value, "another machine or store", "s3://bucket/a.parquet")


def test_deletion_vectors_are_refused(tmp_path: Path) -> None:
    """A live file with a vector holds deleted rows, whether or not the vector can be read."""
    vector = {
        "storageType": "u",
        "pathOrInlineDv": "ab^-aqEH.-t@S}K{vb[*k^",
        "offset": 4,
        "sizeInBytes": 40,
        "cardinality": 2,
    }
    table = tmp_path / "t"
    table.mkdir()
    pq.write_table(pa.table({"a": [1, 2, 3]}), table / "a.parquet")
    size = (table / "a.parquet").stat().st_size
    adds = [add("a.parquet", size, deletionVector=vector)]
    write_log(table, [field("a", "long")], adds, features=("deletionVectors",))
    with pytest.raises(TableFormatError) as caught:
        rows_of(str(table))
    assert_one_line(caught.value, "deletion vectors", f"delta://{table}@0", "PURGE")


def test_tables_that_may_have_vectors_and_have_none_are_read(tmp_path: Path) -> None:
    """The feature alone changes no row."""
    table = tmp_path / "t"
    table.mkdir()
    pq.write_table(pa.table({"a": [1]}), table / "a.parquet")
    adds = [add("a.parquet", (table / "a.parquet").stat().st_size)]
    write_log(table, [field("a", "long")], adds, features=("deletionVectors",))
    assert rows_of(str(table)) == as_rows(pa.table({"a": [1]}))


def test_unknown_features_are_refused_by_name(tmp_path: Path) -> None:
    """A feature that a reader must know, and this one does not, could change any row."""
    write_log(tmp_path / "t", [field("a", "long")], [], features=("variantType",))
    with pytest.raises(TableFormatError, match=r"variantType|[Vv]ariant"):
        rows_of(str(tmp_path / "t"))


@pytest.mark.parametrize("content", ["", "{}", "{", "\xff"])
def test_damaged_logs(content: str, tmp_path: Path) -> None:
    """A log that cannot be read is one line with the name of the table."""
    (tmp_path / "t" / "_delta_log").mkdir(parents=True)
    (tmp_path / "t" / "_delta_log" / f"{0:020}.json").write_text(content, encoding="latin-1")
    with pytest.raises(TableFormatError) as caught:
        rows_of(f"delta://{tmp_path}/t")
    assert_one_line(caught.value, "Delta table whose log cannot be read", "export a snapshot")


@pytest.mark.parametrize("version", [2, 77])
def test_versions_that_are_not_there(version: int, tmp_path: Path) -> None:
    """A version that was never written is named, with those that there are."""
    write_deltalake(tmp_path / "t", pa.table({"a": [1]}))
    write_deltalake(tmp_path / "t", pa.table({"a": [1]}), mode="append")
    with pytest.raises(SourceNotFoundError) as caught:
        rows_of(f"delta://{tmp_path}/t@{version}")
    assert_one_line(caught.value, "no such version", f"@{version}", "0 to 1")


def test_vacuumed_versions(tmp_path: Path) -> None:
    """Files that a vacuum removed are told with the version, and newer versions are read."""
    write_deltalake(tmp_path / "t", pa.table({"a": [1]}))
    write_deltalake(tmp_path / "t", pa.table({"a": [2]}), mode="overwrite")
    DeltaTable(tmp_path / "t").vacuum(0, dry_run=False, enforce_retention_duration=False)
    with pytest.raises(SourceNotFoundError) as caught:
        rows_of(f"delta://{tmp_path}/t@0")
    assert_one_line(caught.value, "1 of 1 live files", "@0", "vacuumed", "name a newer version")
    assert rows_of(f"delta://{tmp_path}/t") == as_rows(pa.table({"a": [2]}))


def test_partitions_by_time_are_told_in_utc(tmp_path: Path) -> None:
    """A time as a partition reads as Spark would name its folder."""
    at = pa.array([datetime(2024, 1, 1, 10, tzinfo=UTC)], pa.timestamp("us", "UTC"))
    write_deltalake(tmp_path / "t", pa.table({"a": [1], "at": at}), partition_by=["at"])
    assert names_of(f"delta://{tmp_path}/t")[0].startswith("at=2024-01-01 10%3A00%3A00/")


def test_nothing_of_the_table_changes(tmp_path: Path) -> None:
    """Reading a table, even one whose columns changed, writes nothing into its folder."""
    write_deltalake(tmp_path / "t", pa.table({"a": [1]}))
    more = pa.table({"a": [1], "b": [2.5]})
    write_deltalake(tmp_path / "t", more, mode="append", schema_mode="merge")
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "t").rglob("*")}
    with read(str(tmp_path / "t")) as dataset:
        assert len(dataset.fragments) == 2
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "t").rglob("*")} == before
    assert is_delta(tmp_path / "t")
