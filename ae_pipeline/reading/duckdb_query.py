"""Queries by DuckDB, which pushes columns and conditions into datasets of Arrow."""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa

from ae_pipeline.errors import ConfigError
from ae_pipeline.extras import require


def run(query: str, tables: Mapping[str, object]) -> pa.Table:
    """Run one query.

    Args:
        query: in DuckDB's SQL.
        tables: datasets and tables of Arrow, by their names in the query.

    Raises:
        MissingExtraError: DuckDB is not installed.
        ConfigError: DuckDB does not accept the query.
    """
    require("a query", "duckdb")
    import duckdb  # noqa: PLC0415, of an extra

    with duckdb.connect(config={"python_enable_replacements": "false"}) as connection:
        for name, table in tables.items():
            connection.register(name, table)
        try:
            return connection.sql(query).to_arrow_table()
        except duckdb.Error as error:
            raise _refused(query, error) from error


def _refused(query: str, error: Exception) -> ConfigError:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return ConfigError("DuckDB refuses the query", where=query, got=lines[0] if lines else "")
