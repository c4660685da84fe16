"""Other formats of tables: Vortex, DuckDB, Lance, and CSV under xz."""

from __future__ import annotations

import lzma
from pathlib import Path
from typing import Any  # DuckDB's connection

import pyarrow as pa
import pyarrow.csv as pacsv

from benchmarks.tables.peer import TablePeer

_ZSTD = {"lance-encoding:compression": "zstd", "lance-encoding:compression-level": "9"}


def write_vortex(table: pa.Table, path: Path, choice: None) -> None:
    """Write a Vortex file in its compact form."""
    import vortex

    vortex.io.VortexWriteOptions.compact().write(table, str(path))


def read_vortex(path: Path, schema: pa.Schema) -> pa.Table:
    """Read a Vortex file."""
    import vortex

    return vortex.open(str(path)).to_arrow().read_all()


def write_duckdb(table: pa.Table, path: Path, choice: None) -> None:
    """Write a database with this table alone, in the newest storage version."""
    with _duckdb() as connection:
        connection.execute(f"ATTACH '{path}' AS disk (STORAGE_VERSION 'latest')")
        connection.register("source", table)
        connection.execute("CREATE TABLE disk.stored AS SELECT * FROM source")
        connection.execute("CHECKPOINT disk")
        connection.execute("DETACH disk")


def read_duckdb(path: Path, schema: pa.Schema) -> pa.Table:
    """Read the table of a database."""
    with _duckdb() as connection:
        connection.execute(f"ATTACH '{path}' AS disk (READ_ONLY)")
        return connection.sql("SELECT * FROM disk.stored").to_arrow_table()


def _duckdb() -> Any:
    import duckdb

    connection = duckdb.connect()
    connection.execute("SET threads = 1")
    connection.execute("SET TimeZone = 'UTC'")
    return connection


def write_lance(table: pa.Table, path: Path, choice: None) -> None:
    """Write a Lance dataset whose columns ask for Zstandard."""
    import lance

    fields = [field.with_metadata(_ZSTD) for field in table.schema]
    lance.write_dataset(table.cast(pa.schema(fields)), str(path), data_storage_version="2.2")


def read_lance(path: Path, schema: pa.Schema) -> pa.Table:
    """Read a Lance dataset."""
    import lance

    return lance.dataset(str(path)).to_table()


def write_csv(table: pa.Table, path: Path, choice: None) -> None:
    """Write CSV, and compress it by xz at its highest level."""
    sink = pa.BufferOutputStream()
    pacsv.write_csv(table, sink)
    path.write_bytes(lzma.compress(bytes(sink.getvalue()), preset=9))


def read_csv(path: Path, schema: pa.Schema) -> pa.Table:
    """Read it back: a null is an empty field, a text is quoted."""
    content = lzma.decompress(path.read_bytes())
    return pacsv.read_csv(
        pa.BufferReader(content),
        read_options=pacsv.ReadOptions(use_threads=False, block_size=max(len(content), 1)),
        parse_options=pacsv.ParseOptions(newlines_in_values=True, ignore_empty_lines=False),
        convert_options=pacsv.ConvertOptions(
            column_types={field.name: field.type for field in schema},
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
        ),
    )


VORTEX = TablePeer("Vortex compact", write_vortex, read_vortex, package="vortex")
DUCKDB = TablePeer("DuckDB", write_duckdb, read_duckdb, package="duckdb")
LANCE = TablePeer("Lance, zstd", write_lance, read_lance, package="lance")
CSV_XZ = TablePeer("CSV + xz", write_csv, read_csv)
