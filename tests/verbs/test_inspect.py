"""What inspect says of an archive: the whole first, then what each column costs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from ae_pipeline.config.job import EncodeJob, EstimateJob
from ae_pipeline.report.presenter import present
from ae_pipeline.verbs import encode, estimate, inspect

QUICK = {"learn": "never", "budget_s": 1}


def written(folder: Path) -> str:
    """A source of a float, a column that follows from another, and a key."""
    random = np.random.default_rng(0)
    zone = random.integers(0, 20, 2000)
    table = pa.table(
        {
            "fare": np.round(random.gamma(3, 4, 2000), 2),
            "zone": zone,
            "city": [f"city {number // 5}" for number in zone],
            "key": random.integers(0, 1 << 40, 2000),
        }
    )
    pq.write_table(table, folder / "source.parquet")
    return str(folder / "source.parquet")


def test_kept_columns_cost_what_they_take(tmp_path: Path) -> None:
    """A kept column has the bytes of its chunks and is readable in place; others are coded."""
    archive = tmp_path / "archive"
    columns = {"keep": ["key"], "code": "all"}
    source = written(tmp_path)
    encode(EncodeJob(source=source, archive=str(archive), planner=QUICK, columns=columns))
    found = inspect(str(archive))
    costs = {cost.name: cost for cost in found.costs}
    assert [name for name, cost in costs.items() if not cost.is_coded] == ["key"]
    chunk = pq.read_metadata(archive / "source.parquet").row_group(0).column(0)
    assert chunk.path_in_schema == "key"
    assert 0 <= costs["key"].plain_bytes - chunk.total_compressed_size < 200
    assert costs["city"].taken_bytes < costs["city"].plain_bytes
    roles = {column.name: column.role for column in found.columns}
    assert (roles["zone"], roles["city"], roles["key"]) == ("exact", "exact", "kept")
    assert present(found).headline().startswith("Source ")
    (table,) = [one for one in present(found).tables() if one.title.startswith("Columns: bytes")]
    rows = {row[0]: row for row in table.rows}
    assert rows["key"][-1] == "plain, readable in place"
    assert "plain, readable in place" not in {rows[name][-1] for name in ("fare", "zone", "city")}


def test_a_forecast_has_costs_of_all_columns(tmp_path: Path) -> None:
    """An estimate leads with the whole, and knows kept columns as plain Parquet."""
    source = written(tmp_path)
    job = EstimateJob(source=source, tolerances=[0.01], planner=QUICK, columns={"keep": ["key"]})
    found = estimate(job)
    (option,) = found.options
    assert {cost.name for cost in option.costs} == {"fare", "zone", "city", "key"}
    assert all(cost.plain_bytes for cost in option.costs)
    assert present(found).headline().startswith("Forecast, ")
    total = sum(cost.taken_bytes for cost in option.costs)
    assert total < option.archive_bytes < 1.3 * total + 4096
