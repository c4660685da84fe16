"""Sales of two years, exact and rounded: an archive, features, decoded tables, and the source."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from ae_pipeline.config.job import DecodeJob, EncodeJob
from ae_pipeline.verbs import decode, encode
from tests.support.data.datasets import write_tree
from tests.support.data.orders import CITIES, orders_table

N_ROWS = 400
QUICK = {"planner": {"learn": "never", "budget_s": 5.0}}


def sales_table(seed: int, n_rows: int = N_ROWS) -> pa.Table:
    """Orders with floats, among which are nulls, NaN and infinities, and a date."""
    generator = np.random.default_rng(1000 + seed)
    table = orders_table(seed, n_rows, CITIES[: 5 + seed])
    fare = generator.gamma(2.0, 10.0, n_rows) + 3.0 * seed
    is_null = generator.random(n_rows) < 0.1
    odd = fare.copy()
    odd[:3] = [np.nan, np.inf, -np.inf]
    days = table["at"].combine_chunks().cast(pa.timestamp("s")).cast(pa.date32())
    return (
        table.append_column("fare", pa.array(fare, mask=is_null))
        .append_column("odd", pa.array(odd.astype(np.float32)))
        .append_column("day", days)
        .append_column("kind", table["city"].combine_chunks().dictionary_encode())
        .append_column("nothing", pa.nulls(n_rows, pa.int32()))
    )


def sales_tree(root: Path) -> Path:
    """One file for each of six months of two years."""
    tables = {
        f"year={2024 + number // 6}/month={number % 6 + 1:02}/part-0.parquet": sales_table(number)
        for number in range(12)
    }
    return write_tree(root, tables, 1 << 20)


@pytest.fixture(scope="session")
def sales(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The source; nobody may change it."""
    return sales_tree(tmp_path_factory.mktemp("sales") / "sales")


@pytest.fixture(scope="session")
def exact(sales: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive of it, every bit kept and every column in blocks."""
    archive = tmp_path_factory.mktemp("exact") / "exact"
    columns = {"code": "all", "keep": ["total"]}
    job = EncodeJob(source=str(sales), archive=str(archive), columns=columns, **QUICK)
    encode(job.model_copy(update={"tolerance": job.tolerance.model_copy(update={"relative": 0.0})}))
    return archive


@pytest.fixture(scope="session")
def rounded(sales: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive of it, floats within 1 %."""
    archive = tmp_path_factory.mktemp("rounded") / "rounded"
    tolerance = {"relative": 0.01, "accept_flattened": True}
    encode(EncodeJob(source=str(sales), archive=str(archive), tolerance=tolerance, **QUICK))
    return archive


@pytest.fixture(scope="session")
def decoded(exact: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tables of the exact archive, written."""
    folder = tmp_path_factory.mktemp("decoded") / "decoded"
    decode(DecodeJob(archive=str(exact), decoded=str(folder)))
    return folder
