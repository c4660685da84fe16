"""Queries over archives in place: DuckDB and Polars answer as DuckDB does over the source."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

import duckdb
import polars as pl
import pyarrow as pa
import pytest

import ae_pipeline
from ae_pipeline.errors import ConfigError
from tests.reading.conftest import N_ROWS, sales_tree
from tests.support.checks import assert_one_line

N_QUERIES = 200
CONDITIONS = (
    "year = {year}",
    "month in ('0{month}', '03')",
    "month between '0{month}' and '05'",
    "month >= '0{month}'",
    "fare > {fare}",
    "fare <= {fare}",
    "fare is null",
    "fare is not null",
    "odd > {fare}",
    "not (odd < {fare})",
    "city = 'city {city}'",
    "kind <> 'city {city}'",
    "city like 'city 1%'",
    "tip is null or tip > {tip}",
    "is_paid",
    "not is_paid",
    "\"at\" >= timestamp '2026-01-01 00:{minute}:00'",
    "day = date '2026-01-01'",
    "total - price = tip",
    "id % 7 = {month}",
    "nothing is null",
    "nothing = 3",
    "price > total",
    "false",
)
ANSWERS = (
    "count(*)",
    "count(*), min(id), max(id)",
    "sum(price), count(tip), sum(tip)",
    "count(distinct city), min(city), max(kind)",
    "min(fare), max(fare), count(fare)",
    'min("at"), max(day)',
    "sum(cast(is_paid as int)), count(nothing)",
    "count(distinct concat(year, month))",
)


def conditions(draw: random.Random) -> str:
    """One to three conditions, joined and negated at random."""
    found = draw.choice(CONDITIONS)
    for _ in range(draw.randrange(3)):
        more = draw.choice(CONDITIONS)
        found = f"({found}) {draw.choice(['and', 'or'])} {draw.choice(['', 'not '])}({more})"
    return found.format(
        year=draw.randint(2023, 2026),
        month=draw.randint(0, 7),
        fare=round(draw.uniform(-5.0, 90.0), 2),
        city=draw.randrange(20),
        tip=draw.randrange(900),
        minute=f"{draw.randrange(60):02}",
    )


@pytest.fixture(scope="module")
def truth(sales: Path) -> duckdb.DuckDBPyConnection:
    """The source as DuckDB reads it."""
    connection = duckdb.connect()
    files = f"{sales}/**/*.parquet"
    connection.execute(
        f"create view t as select * from read_parquet('{files}', hive_partitioning=true)"  # noqa: S608, ours
    )
    return connection


def test_generated_queries(exact: Path, rounded: Path, truth: duckdb.DuckDBPyConnection) -> None:
    """Two hundred queries have the same answers over the source and over archives."""
    draw = random.Random(7)  # noqa: S311, of queries
    datasets = [ae_pipeline.open(exact), ae_pipeline.open(rounded)]
    for _ in range(N_QUERIES):
        condition, answer = conditions(draw), draw.choice(ANSWERS)
        query = f"select {answer} from t where {condition}"  # noqa: S608, ours
        expected = truth.sql(query).fetchall()
        assert rows(datasets[0].sql(query)) == expected, query
        if not is_rounded(query):
            assert rows(datasets[1].sql(query)) == expected, query


def test_generated_frames(exact: Path, truth: duckdb.DuckDBPyConnection) -> None:
    """Two hundred queries have the same answers over the source and by lazy frames of Polars."""
    draw = random.Random(8)  # noqa: S311, of queries
    dataset = ae_pipeline.open(exact)
    n_answered = 0
    for _ in range(N_QUERIES):
        condition = conditions(draw)
        query = f"select id from t where {condition} order by id"  # noqa: S608, ours
        context = pl.SQLContext(t=dataset.to_polars())
        try:
            found = context.execute(query).collect()
        except (pl.exceptions.SQLSyntaxError, pl.exceptions.SQLInterfaceError):
            continue  # Polars knows less SQL
        n_answered += 1
        assert found["id"].to_list() == [row[0] for row in truth.sql(query).fetchall()], query
    assert n_answered > N_QUERIES / 2


def test_rounded_averages(rounded: Path, truth: duckdb.DuckDBPyConnection) -> None:
    """An average of rounded floats is as near as the promise of each of them."""
    query = "select year, month, avg(fare) from t group by year, month order by year, month"
    expected = truth.sql(query).fetchall()
    for mine, own in zip(rows(ae_pipeline.open(rounded).sql(query)), expected, strict=True):
        assert mine[:2] == own[:2]
        assert mine[2] == pytest.approx(own[2], abs=3.0)


def test_joins_of_two_datasets(sales: Path, exact: Path) -> None:
    """Each dataset has the name of its folder, and the first is `t`."""
    text = "select count(*) from t join sales using (id, year, month) where t.city = sales.city"
    found = ae_pipeline.query(text, [str(exact), str(sales)])
    assert rows(found) == [(12 * N_ROWS,)]
    assert rows(ae_pipeline.query("select count(*) from exact", [str(exact)])) == [(12 * N_ROWS,)]


def test_names_that_sql_cannot_hold(tmp_path: Path) -> None:
    """A folder called `a-b` is `a_b` in a query."""
    source = sales_tree(tmp_path / "a-b")
    found = ae_pipeline.query("select count(*) from a_b", [str(source)])
    assert rows(found) == [(12 * N_ROWS,)]


def test_a_query_needs_a_dataset() -> None:
    """A query without a dataset says how to name one."""
    with pytest.raises(ConfigError) as error:
        ae_pipeline.query("select 1", [])
    assert_one_line(error.value)


def test_duckdb_finds_a_dataset_by_its_variable(exact: Path) -> None:
    """DuckDB's own connections read an opened dataset as they read Arrow's."""
    dataset = ae_pipeline.open(exact)
    assert len(dataset.schema) == 14
    with duckdb.connect() as connection:
        found = connection.sql("select count(*) from dataset where month = '02'").fetchall()
    assert found == [(2 * N_ROWS,)]


def rows(table: pa.Table) -> Sequence[tuple[object, ...]]:
    """Rows as DuckDB's own results give them."""
    names = [str(number) for number in range(table.num_columns)]
    return [tuple(row.values()) for row in table.rename_columns(names).to_pylist()]


def is_rounded(text: str) -> bool:
    """Whether a query looks at a float, which an archive with a tolerance rounds."""
    return "fare" in text or "odd" in text
