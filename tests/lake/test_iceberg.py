"""Iceberg: exactly the rows of each snapshot, whatever was done to the table."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyiceberg.catalog.memory import InMemoryCatalog
from pyiceberg.io.pyarrow import PyArrowFileIO
from pyiceberg.manifest import (
    DataFile,
    DataFileContent,
    FileFormat,
    ManifestContent,
    ManifestEntry,
    ManifestEntryStatus,
    ManifestWriterV2,
    write_manifest,
    write_manifest_list,
)
from pyiceberg.table import Table
from pyiceberg.transforms import IdentityTransform, MonthTransform
from pyiceberg.typedef import Record
from pyiceberg.types import DoubleType, LongType

from ae_pipeline.errors import EmptySourceError, SourceNotFoundError, TableFormatError
from ae_pipeline.lake.iceberg import is_iceberg
from tests.support.checks import assert_one_line
from tests.support.lake import as_rows, names_of, rows_of

NUMBERS = count()


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[InMemoryCatalog]:
    """A catalog in memory, whose tables lie in the test's folder."""
    made = InMemoryCatalog("tests", warehouse=f"file://{tmp_path}/warehouse")
    made.create_namespace("n")
    yield made
    made.close()


def folder_of(table: Table) -> str:
    """The folder of a table."""
    return table.location().removeprefix("file://")


def test_all_types(catalog: InMemoryCatalog) -> None:
    """Values of every type come from the files as they are, nulls and NaN included."""
    everything = pa.table(
        {
            "number": pa.array([1, None, 2**31 - 1], pa.int32()),
            "long": pa.array([1, None, -(2**63)], pa.int64()),
            "real": pa.array([0.5, None, float("nan")], pa.float32()),
            "double": pa.array([0.1, None, float("-inf")]),
            "text": ["", None, "ü\n"],
            "bytes": pa.array([b"", None, b"\0"]),
            "fixed": pa.array([b"abc", None, b"\0\0\0"], pa.binary(3)),
            "flag": [True, None, False],
            "day": pa.array([date(1, 1, 1), None, date(9999, 12, 31)]),
            "time": pa.array([1, None, 2], pa.time64("us")),
            "at": pa.array([datetime(2024, 1, 1, tzinfo=UTC), None, datetime(1900, 1, 1)]),
            "wall": pa.array([datetime(2024, 1, 1, 0, 0, 0, 1), None, datetime(1900, 1, 1)]),
            "money": pa.array([Decimal("1.20"), None, Decimal("-99.99")], pa.decimal128(10, 2)),
            "list": [[1, None], None, []],
            "struct": [{"a": 1, "b": "x"}, None, {"a": None, "b": None}],
            "map": pa.array([[("k", 1.5)], None, []], pa.map_(pa.string(), pa.float64())),
        }
    )
    table = catalog.create_table("n.t", everything.schema)
    table.append(everything)
    assert rows_of(f"iceberg://{folder_of(table)}") == as_rows(everything)


def test_columns_keep_their_ids(catalog: InMemoryCatalog) -> None:
    """Added columns are null in older files; renamed, moved and widened ones keep their values."""
    inner = pa.struct([("x", pa.int32())])
    schema = pa.schema([("a", pa.int32()), ("s", pa.string()), ("in", inner)])
    table = catalog.create_table("n.t", schema)
    table.append(pa.table([[1, 2], ["x", None], [{"x": 1}, None]], schema))
    first = table.current_snapshot().snapshot_id
    with table.update_schema() as update:
        update.add_column("n", DoubleType())
        update.rename_column("s", "a name")
        update.rename_column("in.x", "y")
        update.update_column("a", LongType())
        update.move_first("n")
    wide = pa.schema(
        [
            ("n", pa.float64()),
            ("a", pa.int64()),
            ("a name", pa.string()),
            ("in", pa.struct([("y", pa.int32())])),
        ]
    )
    new = {"n": 0.5, "a": 2**40, "a name": "z", "in": {"y": 7}}
    table.append(pa.Table.from_pylist([new], wide))
    old = [{"a": 1, "s": "x", "in": {"x": 1}}, {"a": 2, "s": None, "in": None}]
    renamed = [
        {"n": None, "a": 1, "a name": "x", "in": {"y": 1}},
        {"n": None, "a": 2, "a name": None, "in": None},
        new,
    ]
    assert rows_of(f"iceberg://{folder_of(table)}@{first}") == as_rows(pa.Table.from_pylist(old))
    assert rows_of(folder_of(table)) == as_rows(pa.Table.from_pylist(renamed))


def test_a_column_of_a_former_name_is_another(catalog: InMemoryCatalog) -> None:
    """A column that was dropped and added again has none of its former values."""
    schema = pa.schema([("a", pa.int64()), ("b", pa.float64())])
    table = catalog.create_table("n.t", schema)
    table.append(pa.table([[1], [5.0]], schema))
    with table.update_schema() as update:
        update.delete_column("b")
    with table.update_schema() as update:
        update.add_column("b", DoubleType())
    table.append(pa.table([[2], [6.0]], schema))
    rows = pa.table({"a": [1, 2], "b": [None, 6.0]})
    assert rows_of(folder_of(table)) == as_rows(rows)


STEPS = st.lists(
    st.one_of(
        st.tuples(
            st.sampled_from(["append", "overwrite"]), st.lists(st.integers(0, 4), min_size=1)
        ),
        st.tuples(st.just("delete"), st.integers(0, 4)),
        st.tuples(st.just("column"), st.integers(0, 3)),
    ),
    max_size=5,
)


@pytest.mark.filterwarnings("ignore:Delete operation did not match any records")
@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=STEPS, is_cut=st.booleans())
def test_any_history(steps: list[tuple[str, Any]], is_cut: bool, catalog: InMemoryCatalog) -> None:
    """Whatever was done to a table, each snapshot has exactly its rows."""
    rows, columns = [_row(1, 0)], 0
    table = catalog.create_table(f"n.t{next(NUMBERS)}", pa.Table.from_pylist(rows).schema)
    if is_cut:
        with table.update_spec() as update:
            update.add_identity("p")
    table.append(pa.Table.from_pylist(rows))
    known = {table.current_snapshot().snapshot_id: (rows, columns)}
    for verb, what in steps:
        if verb == "column":
            columns += 1
            with table.update_schema() as update:
                update.add_column(f"c{columns - 1}", DoubleType())
            rows = [*rows, _row(what, columns)]
            table.append(pa.Table.from_pylist(rows[-1:]))
        elif verb == "delete":
            rows = [row for row in rows if row["a"] != what]
            table.delete(f"a = {what}")
        else:
            made = [_row(a, columns) for a in what]
            rows = [*rows, *made] if verb == "append" else made
            getattr(table, verb)(pa.Table.from_pylist(made))
        # A delete of nothing makes no snapshot, and has the columns of the former one.
        known.setdefault(table.current_snapshot().snapshot_id, (rows, columns))
    for snapshot, (expected, n_columns) in known.items():
        _check(f"iceberg://{folder_of(table)}@{snapshot}", expected, n_columns)


def _row(a: int, columns: int) -> dict[str, Any]:
    return {"a": a, "p": str(a % 2), **{f"c{number}": a / 2 for number in range(columns)}}


def _check(source: str, expected: list[dict[str, Any]], n_columns: int) -> None:
    if not expected:
        with pytest.raises(EmptySourceError):
            rows_of(source)
        return
    full = [{name: row.get(name) for name in _row(0, n_columns)} for row in expected]
    assert rows_of(source) == as_rows(pa.Table.from_pylist(full))


def test_partitions_are_named_by_the_spec_of_each_file(catalog: InMemoryCatalog) -> None:
    """Folders are named by the fields of a file's own spec, whatever the folders on disk are."""
    days = pa.array([date(2024, 1, 5), None])
    rows = pa.table({"p": ["a b", None], "day": days, "k": pa.array([1, 2])})
    table = catalog.create_table("n.t", rows.schema)
    with table.update_spec() as update:
        update.add_identity("p")
        update.add_field("day", IdentityTransform(), "a day")
    table.append(rows)
    with table.update_spec() as update:
        update.remove_field("p")
    table.append(rows.slice(0, 1))
    null = "__HIVE_DEFAULT_PARTITION__"
    assert sorted(name.rpartition("/")[0] for name in names_of(folder_of(table))) == [
        "a day=2024-01-05",
        f"p={null}/a day={null}",
        "p=a b/a day=2024-01-05",
    ]
    assert rows_of(folder_of(table)) == as_rows(pa.concat_tables([rows, rows.slice(0, 1)]))


def test_hidden_partitions_read_as_iceberg_writes_them(catalog: InMemoryCatalog) -> None:
    """A transform's number is told as the month that it is; the column itself is in the file."""
    rows = pa.table({"day": pa.array([date(2024, 1, 5)])})
    table = catalog.create_table("n.t", rows.schema)
    table.append(rows)
    path = next(Path(folder_of(table)).rglob("*.parquet"))
    with table.update_spec() as update:
        update.add_field("day", MonthTransform(), "month")
    commit(table, DataFileContent.DATA, path, partition=Record(54 * 12))
    assert names_of(folder_of(table)) == [f"month=2024-01/{path.name}"]
    assert rows_of(folder_of(table)) == as_rows(rows)


def commit(
    table: Table,
    content: DataFileContent,
    path: Path,
    kind: FileFormat = FileFormat.PARQUET,
    partition: Record | None = None,
) -> None:
    """Make the newest snapshot one of what the library does not write, by hand.

    Data replace those of the snapshot; deletes come beside them.
    """
    snapshot = table.current_snapshot()
    is_data = content == DataFileContent.DATA
    file = DataFile.from_args(
        content=content,
        file_path=f"file://{path}",
        file_format=kind,
        partition=partition or Record(),
        record_count=1,
        file_size_in_bytes=1,
        equality_ids=None if is_data else [1],
    )
    file.spec_id = table.spec().spec_id
    folder = Path(folder_of(table)) / "metadata"
    writer_of = write_manifest if is_data else _DeleteWriter
    arguments = (table.spec(), table.schema(), _output(folder / "m.avro"), snapshot.snapshot_id)
    with writer_of(2, *arguments, "null") if is_data else writer_of(*arguments, "null") as writer:
        writer.add_entry(
            ManifestEntry.from_args(
                status=ManifestEntryStatus.ADDED,
                snapshot_id=snapshot.snapshot_id,
                sequence_number=snapshot.sequence_number,
                data_file=file,
            )
        )
    manifests = [writer.to_manifest_file()]
    if not is_data:
        manifests += snapshot.manifests(table.io)
    listed = _output(folder / "list.avro")
    numbers = (snapshot.snapshot_id, None, snapshot.sequence_number)
    with write_manifest_list(2, listed, *numbers, "null") as writer:
        writer.add_manifests(manifests)
    _edited(table, lambda text: text.replace(snapshot.manifest_list, f"file://{folder}/list.avro"))


class _DeleteWriter(ManifestWriterV2):
    """Writes manifests of delete files, which the library only reads."""

    def content(self) -> ManifestContent:
        return ManifestContent.DELETES

    @property
    def _meta(self) -> dict[str, str]:
        return {**super()._meta, "content": "deletes"}


def _output(path: Path) -> Any:
    return PyArrowFileIO().new_output(f"file://{path}")


@pytest.mark.parametrize(
    "content", [DataFileContent.POSITION_DELETES, DataFileContent.EQUALITY_DELETES]
)
def test_delete_files_are_refused(content: DataFileContent, catalog: InMemoryCatalog) -> None:
    """Rows that delete files take out of live files are still in these."""
    table = catalog.create_table("n.t", pa.schema([("a", pa.int64())]))
    table.append(pa.table({"a": [1, 2]}))
    commit(table, content, Path(folder_of(table)) / "data" / "deletes.parquet")
    with pytest.raises(TableFormatError) as caught:
        rows_of(folder_of(table))
    assert_one_line(caught.value, "delete", "rewrite_data_files", "@")


@pytest.mark.parametrize("kind", [FileFormat.ORC, FileFormat.AVRO])
def test_other_files_than_parquet_are_refused(kind: FileFormat, catalog: InMemoryCatalog) -> None:
    """The format of the data files is named, and what to do."""
    table = catalog.create_table("n.t", pa.schema([("a", pa.int64())]))
    table.append(pa.table({"a": [1, 2]}))
    commit(table, DataFileContent.DATA, Path(folder_of(table)) / "data" / "a.orc", kind)
    with pytest.raises(TableFormatError) as caught:
        rows_of(folder_of(table))
    assert_one_line(caught.value, kind.value, "write.format.default")


def test_versions_that_are_not_there(catalog: InMemoryCatalog) -> None:
    """A snapshot that never was is named, with those that there are."""
    table = catalog.create_table("n.t", pa.schema([("a", pa.int64())]))
    with pytest.raises(EmptySourceError, match="without a snapshot"):
        rows_of(folder_of(table))
    table.append(pa.table({"a": [1]}))
    with pytest.raises(SourceNotFoundError) as caught:
        rows_of(f"iceberg://{folder_of(table)}@77")
    known = str(table.current_snapshot().snapshot_id)
    assert_one_line(caught.value, "no such snapshot", "@77", known)


def test_files_that_are_gone(catalog: InMemoryCatalog) -> None:
    """Files that were expired are told with the snapshot."""
    table = catalog.create_table("n.t", pa.schema([("a", pa.int64())]))
    table.append(pa.table({"a": [1]}))
    for path in Path(folder_of(table)).rglob("*.parquet"):
        path.unlink()
    with pytest.raises(SourceNotFoundError) as caught:
        rows_of(folder_of(table))
    assert_one_line(caught.value, "1 of 1 live files", "@", "expired")


def test_metadata_without_numbers_of_a_catalog(catalog: InMemoryCatalog) -> None:
    """A table of a folder alone names its metadata v1, v2, and the current one in a hint."""
    table = catalog.create_table("n.t", pa.schema([("a", pa.int64())]))
    table.append(pa.table({"a": [1]}))
    folder = Path(folder_of(table)) / "metadata"
    for number, path in enumerate(sorted(folder.glob("*.metadata.json"))):
        path.rename(folder / f"v{number}.metadata.json")
    (folder / "v7.metadata.json").write_text("{}")
    (folder / "version-hint.text").write_text("1")
    assert is_iceberg(folder.parent)
    assert rows_of(str(folder.parent)) == as_rows(pa.table({"a": [1]}))


@pytest.mark.parametrize("content", ["", "{}", "{", '{"format-version": 9}'])
def test_damaged_metadata(content: str, tmp_path: Path) -> None:
    """Metadata that cannot be read are one line with the name of the table."""
    (tmp_path / "t" / "metadata").mkdir(parents=True)
    (tmp_path / "t" / "metadata" / "v1.metadata.json").write_text(content)
    with pytest.raises(TableFormatError) as caught:
        rows_of(f"iceberg://{tmp_path}/t")
    assert_one_line(caught.value, "Iceberg table whose log cannot be read", "export a snapshot")


def test_a_folder_that_is_no_table(tmp_path: Path) -> None:
    """A name of a table promises one."""
    with pytest.raises(TableFormatError, match="no metadata"):
        rows_of(f"iceberg://{tmp_path}")


def _edited(table: Table, edit: Any) -> str:
    """Write the newest metadata of a table anew; return its folder."""
    newest = Path(table.metadata_location.removeprefix("file://"))
    newest.write_text(edit(newest.read_text()))
    return folder_of(table)


def test_format_3_is_refused(catalog: InMemoryCatalog) -> None:
    """Defaults, row ids and vectors of format 3 could change any row."""
    table = catalog.create_table("n.t", pa.schema([("a", pa.int64())]))
    table.append(pa.table({"a": [1]}))
    edited = _edited(
        table,
        lambda text: text.replace('"format-version":2', '"format-version":3,"next-row-id":1'),
    )
    with pytest.raises(TableFormatError, match="format version 3"):
        rows_of(edited)


def test_tables_of_a_store_are_refused(catalog: InMemoryCatalog, tmp_path: Path) -> None:
    """Manifests in a store are not asked for: nothing here may wait for a network."""
    table = catalog.create_table("n.t", pa.schema([("a", pa.int64())]))
    table.append(pa.table({"a": [1]}))
    edited = _edited(table, lambda text: text.replace(f"file://{tmp_path}", "s3://bucket"))
    with pytest.raises(TableFormatError) as caught:
        rows_of(edited)
    assert_one_line(caught.value, "another machine or store", "s3://bucket/")


def test_files_without_field_ids_are_refused(catalog: InMemoryCatalog, tmp_path: Path) -> None:
    """A file that another program wrote and a table took over does not come back as nulls."""
    rows = pa.table({"a": [1, 2]})
    table = catalog.create_table("n.taken", rows.schema)
    pq.write_table(rows, tmp_path / "taken.parquet")
    table.add_files([f"file://{tmp_path}/taken.parquet"])
    with pytest.raises(TableFormatError) as caught:
        rows_of(f"iceberg://{folder_of(table)}")
    assert_one_line(caught.value, "taken.parquet", "no field ids")
