"""What others write comes back as they wrote it, or encode says what does not."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ae_pipeline.config.job import DecodeJob, EncodeJob, VerifyJob
from ae_pipeline.dataset import Fragment, lossless_schema
from ae_pipeline.errors import PromiseBrokenError, UnkeptColumnError
from ae_pipeline.fragments.schema_check import check_source_form, check_source_schema
from ae_pipeline.parquet import Form, own_form, table_writer
from ae_pipeline.parquet.schema import schema_of_writer
from ae_pipeline.results.dataset import DatasetReport
from ae_pipeline.verbs import decode, encode, verify
from tests.support.odd_files import (
    BOOL,
    BYTES,
    FIXED,
    INT32,
    INT64,
    INT96,
    N_ROWS,
    REPEATED,
    REQUIRED,
    element,
    stated_schema,
    write_odd,
)

NULL_TYPE = 11
DECIMAL = {"converted": 5, "scale": 2}
LISTS = pa.array([[1, 2], [], None, [3], [4], [5]], pa.list_(pa.int32()))
FULL_LISTS = LISTS.cast(pa.list_(pa.field("element", pa.int32(), nullable=False)))
TEXT = pa.array([b"1"] * N_ROWS)
MAPS = pa.array([[("a", 1)], None, [], [], [], []], pa.map_(pa.string(), pa.int32()))
LIST = element("x", n_children=1, converted=3)

#: Columns as Arrow writes them, and the elements that others describe the same bytes by.
ODD = {
    "two-level list": (FULL_LISTS, LIST, element("array", REPEATED, kind=INT32)),
    "bag of Hive": (
        LISTS,
        LIST,
        element("bag", REPEATED, n_children=1),
        element("array_element", kind=INT32),
    ),
    "MAP_KEY_VALUE": (
        MAPS,
        element("x", n_children=1, converted=1),
        element("map", REPEATED, n_children=2, converted=2),
        element("key", REQUIRED, kind=BYTES, converted=0),
        element("value", kind=INT32),
    ),
    "ENUM": (TEXT, element("x", kind=BYTES, converted=4, logical=4)),
    "JSON": (TEXT, element("x", kind=BYTES, converted=19)),
    "BSON": (TEXT, element("x", kind=BYTES, converted=20)),
    "GEOMETRY": (TEXT, element("x", kind=BYTES, logical=17)),
    "a type of the future": (TEXT, element("x", kind=BYTES, logical=99)),
    "INTERVAL": (
        pa.array([b"a" * 12] * N_ROWS, pa.binary(12)),
        element("x", kind=FIXED, length=12, converted=21),
    ),
    "UUID": (
        pa.array([b"u" * 16] * N_ROWS, pa.binary(16)),
        element("x", kind=FIXED, length=16, logical=14),
    ),
    "DECIMAL as INT32": (
        pa.array([150, -1, None, 0, 1, 2], pa.int32()),
        element("x", kind=INT32, precision=9, **DECIMAL),
    ),
    "DECIMAL as INT64, few digits": (
        pa.array([150, -1, None, 0, 1, 2], pa.int64()),
        element("x", kind=INT64, precision=4, **DECIMAL),
    ),
    "DECIMAL as bytes": (
        pa.array([b"\x01\x00", b"\xff", b"\x00", b"\x7f", None, b"\x80\x00\x00"]),
        element("x", kind=BYTES, precision=9, **DECIMAL),
    ),
    "DECIMAL as wide fixed bytes": (
        pa.array([b"\xff" * 15 + b"\x05"] * N_ROWS, pa.binary(16)),
        element("x", kind=FIXED, length=16, precision=9, **DECIMAL),
    ),
    "list of DECIMAL": (
        pa.array([[150], None, [], [1], [2, 3], [None]], pa.list_(pa.int64())),
        LIST,
        element("list", REPEATED, n_children=1),
        element("element", kind=INT64, precision=12, **DECIMAL),
    ),
    "INT_64": (pa.array([1] * N_ROWS), element("x", kind=INT64, converted=18)),
    "field id": (pa.array([1] * N_ROWS), element("x", kind=INT64, field_id=7)),
    "nulls of any type": (
        pa.nulls(N_ROWS, pa.bool_()),
        element("x", kind=BOOL, logical=NULL_TYPE),
    ),
}


def run(root: Path, **columns: object) -> DatasetReport:
    """Encode what lies in `source`."""
    return encode(
        EncodeJob(
            source=str(root / "source"),
            archive=str(root / "archive"),
            planner={"learn": "never"},
            columns=columns,
        )
    )


def assert_comes_back(root: Path, unit: str = "us") -> Path:
    """Encode, verify, decode: the same Parquet schema, keys and values; the decoded file."""
    assert run(root).failures == ()
    job = VerifyJob(archive=str(root / "archive"), source=str(root / "source"))
    assert verify(job).failures == ()
    assert (
        decode(DecodeJob(archive=str(root / "archive"), decoded=str(root / "out"))).failures == ()
    )
    source, decoded = root / "source/p.parquet", root / "out/p.parquet"
    (mine, stored), (his, stored_his) = map(stated_schema, (decoded, source))
    assert mine == his
    assert (stored is None) == (stored_his is None)
    theirs, ours = (
        pq.ParquetFile(path, coerce_int96_timestamp_unit=unit) for path in (source, decoded)
    )
    assert pairs_of(ours) == pairs_of(theirs)
    check_source_schema(ours.schema_arrow, theirs.schema_arrow, "p")
    assert ours.read().drop_columns(["a"]).equals(theirs.read().drop_columns(["a"]))
    return decoded


def pairs_of(file: pq.ParquetFile) -> dict[bytes, bytes]:
    """Keys and values, but for the Arrow schema, in which names inside of lists mean nothing."""
    pairs: dict[bytes, bytes] = file.metadata.metadata or {}
    return {key: value for key, value in pairs.items() if key != b"ARROW:schema"}


@pytest.mark.parametrize("kind", ODD)
def test_what_others_write_comes_back(kind: str, tmp_path: Path) -> None:
    """Every schema element, and every value, of a file that Arrow would not write so."""
    column, *elements = ODD[kind]
    write_odd(tmp_path / "source/p.parquet", column, *elements)
    assert_comes_back(tmp_path)


def test_old_names_inside_of_lists(tmp_path: Path) -> None:
    """`list.item` of old writers stays, beside a stored Arrow schema."""
    path = tmp_path / "source/p.parquet"
    write_odd(path, LISTS, use_compliant_nested_type=False, store_schema=True)
    decoded = assert_comes_back(tmp_path)
    assert pq.ParquetFile(decoded).schema.column(0).path == "x.list.item"
    assert pq.read_metadata(decoded).row_group(0).column(0).path_in_schema == "x.list.item"


def test_files_of_duckdb_come_back(tmp_path: Path) -> None:
    """VARIANT, INTERVAL, TIMETZ and the rest are to DuckDB what they were."""
    path = tmp_path / "source/p.parquet"
    path.parent.mkdir()
    duckdb.sql(
        "SELECT {'a': i}::VARIANT AS v, interval (i) month AS t, TIMETZ '12:00:00+01' AS z, "
        "uuid() AS u, '[1]'::JSON AS j, 1.5::DECIMAL(4, 2) AS d, 1.5::DECIMAL(30, 2) AS e, "
        "i::UTINYINT AS s, MAP {'k': i} AS m, i::DOUBLE AS a FROM range(50) AS r(i)"
    ).write_parquet(str(path))
    decoded = assert_comes_back(tmp_path)
    for query in ("DESCRIBE SELECT * FROM '{}'", "SELECT * FROM '{}'"):
        ours, theirs = (duckdb.sql(query.format(one)).fetchall() for one in (decoded, path))
        assert ours == theirs


def test_files_of_polars_come_back(tmp_path: Path) -> None:
    """Enums, arrays, decimals and the Arrow schema that Polars stores are the same to it."""
    path = tmp_path / "source/p.parquet"
    path.parent.mkdir()
    frame = pl.DataFrame(
        {
            "e": pl.Series(["a", "b"], dtype=pl.Enum(["b", "a"])),
            "c": pl.Series(["a", None], dtype=pl.Categorical),
            "r": pl.Series([[1, 2], [3, 4]], dtype=pl.Array(pl.Int64, 2)),
            "d": pl.Series([Decimal("1.5"), None], dtype=pl.Decimal(10, 2)),
            "a": [1.0, 2.0],
        }
    )
    frame.write_parquet(path)
    decoded = assert_comes_back(tmp_path)
    assert pl.read_parquet(decoded, columns=["e", "c", "r", "d"]).equals(frame.drop("a"))


FAR = pa.array([datetime(9999, 12, 31, 2), datetime(1, 1, 1), None], pa.timestamp("us"))
FINE = pa.array([1_234_567_891, -1, None], pa.timestamp("ns"))


@pytest.mark.parametrize(("column", "unit"), [(FAR, "us"), (FINE, "ns")], ids=["far", "fine"])
@pytest.mark.parametrize("is_nested", [False, True])
def test_timestamps_of_96_bits(
    column: pa.Array, unit: str, is_nested: bool, tmp_path: Path
) -> None:
    """Years beyond 2262, and nanoseconds, come back as INT96 that says the same."""
    if is_nested:
        column = pa.ListArray.from_arrays([0, 1, 2, 3], column)
    path = tmp_path / "source/p.parquet"
    write_odd(path, column, use_deprecated_int96_timestamps=True)
    decoded = assert_comes_back(tmp_path, unit)
    assert pq.ParquetFile(decoded).schema.column(0).physical_type == "INT96"
    encodings = pq.read_metadata(decoded).row_group(0).column(1).encodings
    assert "BYTE_STREAM_SPLIT" not in encodings  # Spark cannot read it


def test_timestamps_that_fit_no_unit(tmp_path: Path) -> None:
    """A file with nanoseconds and the year 9999 is refused with both columns."""
    path = tmp_path / "p.parquet"
    table = pa.table({"far": FAR, "fine": FINE})
    pq.write_table(table, path, use_deprecated_int96_timestamps=True)
    with pytest.raises(UnkeptColumnError, match=r"column fine.*column far"):
        lossless_schema(Fragment(path, "p.parquet", 0))


def test_both_kinds_of_timestamps_in_one_file(tmp_path: Path) -> None:
    """INT96 stays INT96 and INT64 stays INT64, each with its annotation."""
    kinds = pa.schema([("x", pa.timestamp("us")), ("y", pa.timestamp("us", "UTC"))])
    arrow = kinds.append(pa.field("a", pa.float64()))
    old, _ = schema_of_writer(arrow, has_int96=True)
    new, _ = schema_of_writer(arrow)
    mixed = Form(type(new)(new.root, (old.columns[0], *new.columns[1:])), None)
    columns = [pa.array([1, 2], field.type) for field in kinds]
    (tmp_path / "source").mkdir()
    with table_writer(tmp_path / "source/p.parquet", arrow, None, mixed) as write:
        write(pa.RecordBatch.from_arrays([*columns, pa.array([0.5, 1.5])], schema=arrow))
    schema = pq.ParquetFile(assert_comes_back(tmp_path)).schema
    assert [schema.column(number).physical_type for number in (0, 1)] == ["INT96", "INT64"]


def test_what_cannot_be_kept_is_told(tmp_path: Path) -> None:
    """A column that decode could not write stops encode, which names it; accepted, it goes on."""
    path = tmp_path / "source/p.parquet"
    nulls = pa.nulls(N_ROWS, pa.timestamp("us"))
    odd = element("x", kind=INT96, logical=NULL_TYPE)
    write_odd(path, nulls, odd, use_deprecated_int96_timestamps=True)
    (failure,) = run(tmp_path).failures
    assert "column x: expected optional INT96 x (UNKNOWN), got optional INT32 x" in failure.message
    assert "--accept-changes" in failure.message
    report = run(tmp_path, accept_changes=True)
    assert report.failures == ()
    assert "column x will be decoded as optional INT32 x" in report.warnings[0]
    job = VerifyJob(archive=str(tmp_path / "archive"), source=str(tmp_path / "source"))
    assert verify(job).failures == ()


def test_verify_compares_the_schema_of_parquet(tmp_path: Path) -> None:
    """An archive that forgot what its source states, as older ones did, does not verify."""
    path = tmp_path / "p.parquet"
    write_odd(path, TEXT, element("x", kind=BYTES, converted=20))
    arrow, fragment = pq.read_schema(path), Fragment(path, "p.parquet", 0)
    with path.open("rb") as file:
        form, changes = own_form(file, arrow, "us")
    assert changes == []
    check_source_form(fragment, arrow, form)
    with pytest.raises(PromiseBrokenError, match=r"BYTE_ARRAY x, not optional.* \(BSON\)"):
        check_source_form(fragment, arrow, None)


def test_forms_survive_their_bytes_and_no_others(tmp_path: Path) -> None:
    """A form comes back from its bytes; cut or changed ones are refused or are another form."""
    write_odd(tmp_path / "p.parquet", *ODD["list of DECIMAL"])
    path = tmp_path / "p.parquet"
    with path.open("rb") as file:
        form, _ = own_form(file, pq.read_schema(path), "us")
    assert form is not None
    content = form.to_bytes()
    assert Form.from_bytes(content) == form
    for end in range(len(content)):
        with pytest.raises((ValueError, IndexError)):
            Form.from_bytes(content[:end])


def invalid(kind: str) -> pa.Array:
    """Values that Arrow's validation refuses."""
    latin = pa.array([b"C\xd4TE", b"ok", None], pa.binary())
    text = pa.Array.from_buffers(pa.string(), 3, latin.buffers())
    digits = pa.array([Decimal("123.45"), Decimal("-327.68"), None], pa.decimal128(5, 2))
    return {
        "Latin-1": text,
        "Latin-1 in a list": pa.ListArray.from_arrays([0, 1, 2, 3], text),
        "Latin-1 in a struct": pa.StructArray.from_arrays([text], ["word"]),
        "Latin-1 in a map": pa.MapArray.from_arrays([0, 1, 1, 2], text[:2], text[:2]),
        "digits": pa.Array.from_buffers(pa.decimal128(4, 2), 3, digits.buffers()),
        "time": pa.array([-5, 1 << 60, None], pa.int64()).view(pa.time64("us")),
        "date": pa.array([-(1 << 31), (1 << 31) - 1, None], pa.int32()).view(pa.date32()),
        "timestamp": pa.array([-(1 << 63), (1 << 63) - 1, None]).view(pa.timestamp("us")),
    }[kind]


INVALID = (
    *("Latin-1", "Latin-1 in a list", "Latin-1 in a struct", "Latin-1 in a map"),
    *("digits", "time", "date", "timestamp"),
)


@pytest.mark.parametrize("kind", INVALID)
@pytest.mark.parametrize("store_schema", [False, True])
def test_invalid_values_come_back(kind: str, store_schema: bool, tmp_path: Path) -> None:
    """Bytes that Arrow reads and calls invalid are kept as they are."""
    write_odd(tmp_path / "source/p.parquet", invalid(kind), store_schema=store_schema)
    assert_comes_back(tmp_path)


@pytest.mark.parametrize("kind", ["archive", "features"])
def test_decimals_that_would_be_cut_are_refused(kind: str, tmp_path: Path) -> None:
    """A decimal that its own type cannot store is named at once: Arrow's writer would cut it."""
    column = pa.array([150, 1 << 30, 3, 4, 5, 6], pa.int32())
    odd = element("x", kind=INT32, precision=4, **DECIMAL)
    write_odd(tmp_path / "source/p.parquet", column, odd)
    job = EncodeJob(
        source=str(tmp_path / "source"),
        planner={"learn": "never"},
        training={"epochs": 0},
        **{kind: str(tmp_path / "out")},
    )
    (failure,) = encode(job).failures
    assert "column x: expected decimal128(4, 2), got 1073741824 at a scale" in failure.message
    assert "row 1:" in failure.message


def test_features_come_back_with_their_form(tmp_path: Path) -> None:
    """A features dataset decodes to the Parquet schema of its source, too."""
    write_odd(tmp_path / "source/p.parquet", *ODD["bag of Hive"])
    paths = {name: str(tmp_path / name) for name in ("source", "features", "decoded")}
    job = EncodeJob(source=paths["source"], features=paths["features"], training={"epochs": 0})
    assert encode(job).failures == ()
    assert decode(DecodeJob(**paths)).failures == ()
    ours, theirs = (tmp_path / name / "p.parquet" for name in ("decoded", "source"))
    assert stated_schema(ours) == stated_schema(theirs)


def test_some_columns_keep_their_form(tmp_path: Path) -> None:
    """Decoding one column gives it the elements that it had."""
    write_odd(tmp_path / "source/p.parquet", *ODD["INTERVAL"])
    assert run(tmp_path).failures == ()
    job = DecodeJob(
        archive=str(tmp_path / "archive"),
        decoded=str(tmp_path / "out"),
        selection={"columns": ["x"]},
    )
    assert decode(job).failures == ()
    ours, _ = stated_schema(tmp_path / "out/p.parquet")
    theirs, _ = stated_schema(tmp_path / "source/p.parquet")
    assert ours.columns == theirs.columns[:1]
