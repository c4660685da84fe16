"""Query datasets by SQL, each by a name of its own."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pyarrow as pa

from ae_pipeline.errors import ConfigError
from ae_pipeline.reading.duckdb_query import run
from ae_pipeline.reading.opened import OpenDataset
from ae_pipeline.reading.opening import open_dataset

#: Name of the first dataset in a query.
_FIRST = "t"


def query(text: str, paths: Sequence[str]) -> pa.Table:
    """Run one query over datasets, and return its rows.

    Args:
        text: in DuckDB's SQL. The first dataset is `t`; each is also called by its folder, with
            `_` for what a name in SQL cannot hold.
        paths: of the datasets, or their URIs.

    Raises:
        ConfigError: no dataset is named, or DuckDB does not accept the query.
        AePipelineError: a dataset cannot be opened.
    """
    if not paths:
        raise ConfigError(
            "no dataset to query",
            where="query",
            expected="PATH and a query",
            got=text,
            remedy='name the dataset first: query sales_archive/ "select count(*) from t"',
        )
    tables: dict[str, OpenDataset] = {}
    for path in paths:
        dataset = open_dataset(path)
        tables.setdefault(_FIRST, dataset)
        tables.setdefault(_name(path), dataset)
    return run(text, tables)


def _name(path: str) -> str:
    last = path.rstrip("/").rpartition("/")[2].partition(".")[0]
    return re.sub(r"\W", "_", last) or _FIRST
