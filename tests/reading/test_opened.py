"""Opened datasets: what they hold, rows by columns and conditions, and what they refuse."""

from __future__ import annotations

import pickle
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pytest

import ae_pipeline
from ae_pipeline.errors import ConfigError, SourceNotFoundError
from ae_pipeline.reading import OpenDataset
from tests.reading.conftest import N_ROWS, sales_table
from tests.support.checks import assert_one_line


def source_rows(number: int) -> pa.Table:
    """Rows of a file of the source, partition keys and all."""
    table = sales_table(number)
    year, month = 2024 + number // 6, number % 6 + 1
    years, months = pa.array([year] * len(table)), pa.array([f"{month:02}"] * len(table))
    return table.append_column("year", years).append_column("month", months)


def test_rows_of_all_kinds(sales: Path, exact: Path, decoded: Path) -> None:
    """Source, archive and decoded tables hold the same rows, in the same order."""
    expected = pa.concat_tables(source_rows(number) for number in range(12))
    for path, kind in ((sales, "source"), (exact, "archive"), (decoded, "decoded")):
        dataset = ae_pipeline.open(path)
        assert dataset.kind == kind
        assert dataset.schema.equals(expected.schema)
        assert dataset.partitions[:2] == ["year=2024/month=01", "year=2024/month=02"]
        assert len(dataset.files) == 12
        assert dataset.count_rows() == 12 * N_ROWS
        found = dataset.to_table()
        assert found.drop_columns("odd").equals(expected.drop_columns("odd"))
        assert pc.is_nan(found["odd"]).equals(pc.is_nan(expected["odd"]))


def test_columns_and_conditions(exact: Path) -> None:
    """Columns come in the order that they are asked for; conditions are Arrow's or SQL's."""
    dataset = ae_pipeline.open(exact)
    chosen = (pc.field("year") == 2025) & (pc.field("fare") > 60.0)
    expected = pa.concat_tables(source_rows(number) for number in range(12)).filter(chosen)
    assert len(expected)
    for condition in (chosen, "year = 2025 and fare > 60", "FARE > 60 AND Year IN (2025)"):
        found = dataset.to_table(["month", "fare", "city"], condition)
        assert found.equals(expected.select(["month", "fare", "city"]))
        assert dataset.count_rows(condition) == len(expected)
        assert dataset.head(3, ["id"], condition).equals(expected.select(["id"]).slice(0, 3))
    made = dataset.to_table({"double": pc.field("fare") * 2}, chosen)
    assert made.equals(pa.table({"double": pc.multiply(expected["fare"], 2)}))
    assert dataset.head(0).num_rows == 0


def test_streams(exact: Path) -> None:
    """Rows are a stream for whatever takes Arrow's streams, begun anew each time."""
    dataset = ae_pipeline.open(exact)
    whole = dataset.to_table(["id", "year"])
    assert pa.table(dataset).select(["id", "year"]).equals(whole)
    assert dataset.scan(["id", "year"]).read_all().equals(whole)
    batches = list(dataset.to_batches(["id", "year"], batch_size=150))
    assert max(map(len, batches)) <= 150
    assert pa.Table.from_batches(batches).equals(whole)
    assert isinstance(dataset, ds.Dataset)


def test_what_it_says_of_itself(exact: Path, sales: Path) -> None:
    """It names its codecs and prints as one line, and it travels as its path."""
    dataset = ae_pipeline.open(exact)
    (provenance,) = dataset.codecs.values()
    assert provenance.source == str(sales)
    assert repr(dataset) == f"<archive {exact}: 12 files, 14 columns>"
    assert pickle.loads(pickle.dumps(dataset)).schema.equals(dataset.schema)  # noqa: S301, our own
    assert ae_pipeline.open(sales).codecs == {}


def test_one_file(exact: Path, sales: Path) -> None:
    """A single file of a source opens; a single file of an archive says what it lacks."""
    name = "year=2024/month=02/part-0.parquet"
    assert ae_pipeline.open(sales / name).count_rows() == N_ROWS
    with pytest.raises(ae_pipeline.AePipelineError) as error:
        ae_pipeline.open(exact / name).head(1)
    assert_one_line(error.value)


def test_unknown_names(exact: Path, tmp_path: Path) -> None:
    """Columns, conditions and paths that do not exist are named in one line."""
    dataset = ae_pipeline.open(exact)
    for refused in (
        lambda: dataset.head(1, ["nope"]),
        lambda: dataset.count_rows("nope > 3"),
        lambda: dataset.count_rows("fare >"),
        lambda: dataset.count_rows("sum(fare) > 3"),
        lambda: dataset.count_rows("year = 'soon'"),
        lambda: dataset.sql("select nope from t"),
    ):
        with pytest.raises(ConfigError) as error:
            refused()
        assert_one_line(error.value)
    with pytest.raises(SourceNotFoundError):
        ae_pipeline.open(tmp_path / "nope")


@pytest.mark.parametrize("method", ["filter", "replace_schema", "sort_by", "join", "join_asof"])
def test_what_arrow_would_do_to_its_own_files(exact: Path, method: str) -> None:
    """What Arrow does to datasets of its own is refused with what to use instead."""
    given = pc.scalar(True) if method == "filter" else pa.schema([])
    with pytest.raises(NotImplementedError, match=f"OpenDataset.{method} is not supported: "):
        getattr(ae_pipeline.open(exact), method)(given)


def test_fragments_by_condition(exact: Path) -> None:
    """Readers that ask for fragments get those that may match."""
    fragments = list(ae_pipeline.open(exact).get_fragments("year = 2025 and month <= '02'"))
    assert sum(fragment.count_rows() for fragment in fragments) == 2 * N_ROWS


def test_columns_that_some_files_lack(tmp_path: Path) -> None:
    """A column that a file lacks is null there, and types that differ are read as the wider one."""
    import pyarrow.parquet as pq

    pq.write_table(pa.table({"a": pa.array([1], pa.int32())}), tmp_path / "a.parquet")
    pq.write_table(pa.table({"a": pa.array([2]), "b": ["x"]}), tmp_path / "b.parquet")
    dataset = ae_pipeline.open(tmp_path)
    assert dataset.to_table().to_pydict() == {"a": [1, 2], "b": [None, "x"]}
    assert dataset.to_table(["b"]).to_pydict() == {"b": [None, "x"]}
    assert dataset.count_rows("b is null") == 1
    pq.write_table(pa.table({"a": [["list"]]}), tmp_path / "c.parquet")
    with pytest.raises(ae_pipeline.AePipelineError) as error:
        ae_pipeline.open(tmp_path).head(1)
    assert_one_line(error.value)


HALF_READ = """
import sys, ae_pipeline
dataset = ae_pipeline.open(sys.argv[1])
batches = dataset.to_batches(batch_size=10)
next(batches)
stream = dataset.scan()
stream.read_next_batch()
print("tensorflow" in sys.modules or "prefect" in sys.modules or "polars" in sys.modules)
"""


def test_a_process_ends_in_the_middle_of_a_stream(exact: Path) -> None:
    """A process that leaves streams half read ends well; it has loaded only what it needs."""
    run = subprocess.run(
        [sys.executable, "-c", HALF_READ, str(exact)], capture_output=True, text=True, check=False
    )
    assert (run.returncode, run.stdout, run.stderr) == (0, "False\n", "")


def test_opened_is_public() -> None:
    """`ae_pipeline.open` and its result are names of the package."""
    assert ae_pipeline.OpenDataset is OpenDataset
