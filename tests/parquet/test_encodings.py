"""Encodings of plain tables are chosen by the bytes they take."""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import polars
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ae_pipeline.parquet import own_form, table_writer

N_ROWS = 150_000  # two row groups
#: Bytes that no choice explains: checksums and headers of pages.
TRIFLE = 200


def columns() -> dict[str, pa.Array]:
    """Columns that different encodings suit."""
    generator = np.random.default_rng(0)
    numbers = generator.normal(size=N_ROWS)
    return {
        "few": pa.array(generator.choice(generator.normal(size=40), N_ROWS)),
        "noise": pa.array(numbers),
        "single": pa.array(numbers.astype(np.float32)),
        "half": pa.array(numbers.astype(np.float16)),
        "steps": pa.array(np.arange(N_ROWS)),
        "at": pa.array(np.cumsum(generator.integers(0, 5_000_000, N_ROWS)), pa.timestamp("us")),
        "word": pa.array(generator.choice(["a", "bb", "ccc"], N_ROWS)),
        "name": pa.array([f"user-{row:08}" for row in range(N_ROWS)]),
        "a.b": pa.array(generator.integers(0, 9, N_ROWS), mask=generator.random(N_ROWS) < 0.1),
        "nothing": pa.nulls(N_ROWS, pa.float64()),
        "list": pa.array([[row % 7] for row in range(N_ROWS)]),
    }


@pytest.fixture(scope="module")
def table() -> pa.Table:
    """A table of all of them."""
    return pa.table(columns())


def written(path: Path, table: pa.Table) -> Path:
    """The table, written in batches."""
    with table_writer(path, table.schema) as write:
        for batch in table.to_batches(50_000):
            write(batch)
    return path


def sizes(path: Path) -> dict[str, int]:
    """Compressed bytes of each column."""
    metadata = pq.read_metadata(path)
    groups = [metadata.row_group(number) for number in range(metadata.num_row_groups)]
    return {
        group.column(number).path_in_schema: sum(
            one.column(number).total_compressed_size for one in groups
        )
        for group in groups[:1]
        for number in range(metadata.num_columns)
    }


def usual_sizes(path: Path, table: pa.Table) -> dict[str, int]:
    """Compressed bytes with a dictionary of all but floats, which are byte-stream-split."""
    floats = [field.name for field in table.schema if pa.types.is_floating(field.type)]
    pq.write_table(
        table,
        path,
        compression="zstd",
        compression_level=3,
        use_dictionary=[name for name in table.column_names if name not in floats],
        use_byte_stream_split=floats,
        row_group_size=150_000,
    )
    return sizes(path)


def encodings(path: Path, name: str) -> set[str]:
    """Encodings of a column of the first row group."""
    metadata = pq.read_metadata(path)
    names = [metadata.schema.column(number).path for number in range(metadata.num_columns)]
    return set(metadata.row_group(0).column(names.index(name)).encodings)


def test_no_column_grows_and_many_shrink(table: pa.Table, tmp_path: Path) -> None:
    """Few floats, steps, times and names take a fraction of the bytes, and nothing takes more."""
    ours = sizes(written(tmp_path / "ours.parquet", table))
    usual = usual_sizes(tmp_path / "usual.parquet", table)
    assert all(ours[name] <= usual[name] + TRIFLE for name in ours), (ours, usual)
    for name, share in {"few": 0.2, "steps": 0.1, "at": 0.7, "name": 0.2}.items():
        assert ours[name] < share * usual[name], name


def test_full_precision_floats_stay_split(table: pa.Table, tmp_path: Path) -> None:
    """Floats that hardly repeat have no dictionary, which would be larger than they are."""
    path = written(tmp_path / "ours.parquet", table)
    for name in ("noise", "single", "half"):
        assert "BYTE_STREAM_SPLIT" in encodings(path, name)
        assert "RLE_DICTIONARY" not in encodings(path, name)
    assert "RLE_DICTIONARY" in encodings(path, "few")


def test_values_come_back_to_all_readers(table: pa.Table, tmp_path: Path) -> None:
    """Arrow, DuckDB and Polars read every encoding."""
    path = written(tmp_path / "ours.parquet", table)
    assert pq.read_table(path).equals(table)
    assert polars.read_parquet(path).equals(polars.from_arrow(table))
    with duckdb.connect() as connection:
        query = 'SELECT few, steps, "at", name FROM read_parquet(?)'
        found = connection.sql(query, params=[str(path)]).to_arrow_table()
    assert found.equals(table.select(["few", "steps", "at", "name"]))


@pytest.mark.parametrize("n_rows", [0, 1])
def test_tables_of_next_to_no_rows(table: pa.Table, n_rows: int, tmp_path: Path) -> None:
    """Tables without rows, or with one, are written as they are."""
    path = written(tmp_path / "ours.parquet", table.slice(0, n_rows))
    assert pq.read_table(path).equals(table.slice(0, n_rows))


def test_readers_of_old_files_get_old_encodings(tmp_path: Path) -> None:
    """A source without an Arrow schema, as Spark writes it, is decoded to a dictionary or plain."""
    table = pa.table(columns()).drop_columns(["half"]).slice(0, 5_000)
    source, path = tmp_path / "source.parquet", tmp_path / "ours.parquet"
    pq.write_table(table, source, store_schema=False)
    read = pq.read_table(source)
    with source.open("rb") as file:
        form, _ = own_form(file, read.schema, "us")
    with table_writer(path, read.schema, form=form) as write:
        for batch in read.to_batches():
            write(batch)
    assert pq.read_table(path).equals(read)
    found = {one for name in table.column_names if name != "list" for one in encodings(path, name)}
    assert found <= {"PLAIN", "RLE", "RLE_DICTIONARY"}
    assert "RLE_DICTIONARY" in encodings(path, "few")


def vectors_of(kind: pa.DataType, step: float) -> pa.Table:
    """Vectors of few numbers of a type, which go up and down slowly."""
    generator = np.random.default_rng(3)
    walks = np.cumsum(generator.normal(size=(20_000, 3)), axis=0) * 0.1 % 8
    numbers = (np.rint(walks / step) * step).astype(kind.to_pandas_dtype())
    return pa.table({"v": pa.FixedSizeListArray.from_arrays(pa.array(numbers.ravel()), 3)})


@pytest.mark.parametrize("kind", [pa.float32(), pa.float64(), pa.int8(), pa.int32()], ids=str)
def test_vectors_take_few_bytes(kind: pa.DataType, tmp_path: Path) -> None:
    """Vectors of few values are smaller than split or plain ones, and all readers take them."""
    table = vectors_of(kind, 1.0 if pa.types.is_integer(kind) else 0.25)
    path = written(tmp_path / "ours.parquet", table)
    for is_split in (False, True):
        other = tmp_path / "other.parquet"
        split = {"v.list.element": "BYTE_STREAM_SPLIT" if is_split else "PLAIN"}
        options = {"compression": "zstd", "compression_level": 3, "use_dictionary": False}
        pq.write_table(table, other, column_encoding=split, **options)
        (ours,), (others,) = sizes(path).values(), sizes(other).values()
        assert ours < others
    assert pq.read_table(path).equals(table)
    assert polars.read_parquet(path).equals(polars.from_arrow(table))
    with duckdb.connect() as connection:
        rows = connection.sql("FROM read_parquet(?)", params=[str(path)]).fetchall()
    assert [list(row[0]) for row in rows] == table["v"].to_pylist()


def test_vectors_of_full_precision_stay_split(tmp_path: Path) -> None:
    """A dictionary would be larger than vectors that never repeat."""
    numbers = np.random.default_rng(0).normal(size=30_000).astype(np.float32)
    table = pa.table({"v": pa.FixedSizeListArray.from_arrays(pa.array(numbers), 3)})
    path = written(tmp_path / "ours.parquet", table)
    assert "BYTE_STREAM_SPLIT" in encodings(path, "v.list.element")


def test_a_name_may_look_like_the_path_of_a_vector(tmp_path: Path) -> None:
    """A column that is called as the leaf of a vector would be gets encodings of its own type."""
    numbers = list(range(5_000))
    table = pa.table({"x": pa.array(numbers, pa.float32()), "x.list.element": numbers})
    assert pq.read_table(written(tmp_path / "ours.parquet", table)).equals(table)
