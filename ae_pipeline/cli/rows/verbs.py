"""Verbs that print rows: query, head, cat."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import pyarrow as pa
import typer

from ae_pipeline.cli import options
from ae_pipeline.cli.rows.answer import print_answer
from ae_pipeline.cli.rows.formats import (
    MOST_SHOWN,
    write_csv,
    write_json,
    write_parquet,
    write_table,
)
from ae_pipeline.cli.terminal import print_plain
from ae_pipeline.reading import open as open_dataset
from ae_pipeline.reading import query as query_tables
from ae_pipeline.report.tables.records import dump_json


class RowFormat(StrEnum):
    """How rows are printed."""

    table = "table"
    csv = "csv"
    json = "json"
    parquet = "parquet"


Path_ = Annotated[
    str, typer.Argument(metavar="PATH", help="Archive, features, decoded tables or source.")
]
Columns = Annotated[
    str | None, typer.Option("--columns", metavar="A,B", help="Columns to print, in this order.")
]
RowWhere = Annotated[
    str | None,
    typer.Option(
        "--where", metavar="CONDITION", help='Rows to print: "fare > 10 and year = 2015".'
    ),
]
Out = Annotated[
    Path | None, typer.Option("--out", metavar="FILE", help="Write there, not to the terminal.")
]


def query(
    paths: Annotated[
        list[str],
        typer.Argument(metavar="PATH... SQL", help="Datasets, and a query of DuckDB's SQL."),
    ],
    format: Annotated[
        RowFormat, typer.Option("--format", help="table shows the first rows; the others all.")
    ] = RowFormat.table,
    out: Out = None,
    as_json: options.Json = False,
) -> None:
    """Query datasets in place by SQL, without decoding what the query does not need.

    The first dataset is `t`, and each one also has the name of its folder.

    Example: ae-pipeline query sales_archive/ "select avg(fare) from t where month >= '2019-06'"
    """
    *datasets, text = paths
    found = query_tables(text, datasets)
    _write(
        pa.RecordBatchReader.from_batches(found.schema, found.to_batches()),
        format,
        out,
        as_json=as_json,
    )


def head(
    path: Path_,
    columns: Columns = None,
    where: RowWhere = None,
    limit: Annotated[int, typer.Option("--limit", min=0, help="Rows, at most.")] = 10,
    format: Annotated[RowFormat, typer.Option("--format", help="How to print.")] = RowFormat.table,
    out: Out = None,
    as_json: options.Json = False,
) -> None:
    """Print the first rows of PATH; of an archive, decode only the block that they are in.

    Example: ae-pipeline head sales_archive/ --columns fare,tip --where "fare > 100"
    """
    found = open_dataset(path).head(limit, _names(columns), where)
    _write(
        pa.RecordBatchReader.from_batches(found.schema, found.to_batches()),
        format,
        out,
        limit,
        as_json=as_json,
    )


def cat(
    path: Path_,
    columns: Columns = None,
    where: RowWhere = None,
    limit: Annotated[int | None, typer.Option("--limit", min=0, help="Rows, at most.")] = None,
    format: Annotated[RowFormat, typer.Option("--format", help="How to print.")] = RowFormat.csv,
    out: Out = None,
    as_json: options.Json = False,
) -> None:
    """Print all rows of PATH that match, in its order; memory stays flat.

    Example: ae-pipeline cat sales_archive/ --where "year = 2015" --out 2015.csv
    """
    dataset = open_dataset(path)
    if limit is None:
        _write(dataset.scan(_names(columns), where), format, out, as_json=as_json)
        return
    found = dataset.head(limit, _names(columns), where)
    _write(
        pa.RecordBatchReader.from_batches(found.schema, found.to_batches()),
        format,
        out,
        as_json=as_json,
    )


def _batches(table: pa.Table) -> pa.RecordBatchReader:
    return pa.RecordBatchReader.from_batches(table.schema, table.to_batches())


def _write(
    rows: pa.RecordBatchReader,
    format: RowFormat,
    out: Path | None,
    most: int = MOST_SHOWN,
    *,
    as_json: bool,
) -> None:
    if as_json and out is None:
        print_answer(rows)
        return
    _write_as(rows, format, out, most)
    if as_json:
        print_plain(dump_json({"ok": True, "out": str(out)}))


def _write_as(rows: pa.RecordBatchReader, format: RowFormat, out: Path | None, most: int) -> None:
    if format is RowFormat.table:
        write_table(rows, out, most)
    elif format is RowFormat.csv:
        write_csv(rows, out)
    elif format is RowFormat.json:
        write_json(rows, out)
    else:
        write_parquet(rows, out)


def _names(columns: str | None) -> list[str] | None:
    return options.words(columns)
