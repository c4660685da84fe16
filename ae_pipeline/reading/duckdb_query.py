"""Queries by DuckDB, which pushes columns and conditions into datasets of Arrow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any  # options of Arrow

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
from pyarrow import types

from ae_pipeline.errors import ConfigError
from ae_pipeline.extras import require
from ae_pipeline.reading.opened import OpenDataset

#: Digits of DuckDB's decimals, at most.
_MOST_DIGITS = 38


def run(query: str, tables: Mapping[str, OpenDataset]) -> pa.Table:
    """Run one query.

    Args:
        query: in DuckDB's SQL.
        tables: datasets by their names in the query.

    Raises:
        MissingExtraError: DuckDB is not installed.
        ConfigError: DuckDB does not accept the query, or the type of a column.
    """
    require("a query", "duckdb")
    import duckdb  # noqa: PLC0415, of an extra

    with duckdb.connect(config={"python_enable_replacements": "false"}) as connection:
        try:
            for name, table in tables.items():
                connection.register(name, _Known(table))
            return connection.sql(query).to_arrow_table()
        except duckdb.Error as error:
            raise _refused(query, error) from error


class _Known(ds.Dataset):  # type: ignore[misc]  # Arrow has no types
    """A dataset with the types that DuckDB lacks cast to those that hold their values.

    Args:
        dataset: to query.
    """

    def __init__(self, dataset: OpenDataset) -> None:  # Arrow's own is for datasets of its files
        self._dataset = dataset
        self._casts = {
            field.name: kind
            for field in dataset.schema
            if (kind := _known(field.type)) is not field.type
        }

    @property
    def schema(self) -> pa.Schema:
        """Schema of the dataset as DuckDB sees it."""
        fields = (
            field.with_type(self._casts.get(field.name, field.type))
            for field in self._dataset.schema
        )
        return pa.schema(fields)

    def scanner(
        self, columns: list[str] | None = None, filter: pc.Expression | None = None, **_: Any
    ) -> Any:
        """Return a scanner of matching rows."""
        names = self._dataset.schema.names if columns is None else columns
        if self._casts.keys().isdisjoint(names):
            return self._dataset.scanner(names, filter)
        made = {name: pc.field(name) for name in names}
        cast = {name: made[name].cast(kind) for name, kind in self._casts.items() if name in made}
        return self._dataset.scanner({**made, **cast}, filter)


def _known(kind: pa.DataType) -> pa.DataType:
    if types.is_float16(kind):
        return pa.float32()
    if types.is_decimal(kind) and kind.precision > _MOST_DIGITS:
        return pa.float64()
    if types.is_decimal256(kind):
        return pa.decimal128(kind.precision, kind.scale)
    return kind


def _refused(query: str, error: Exception) -> ConfigError:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return ConfigError("DuckDB refuses the query", where=query, got=lines[0] if lines else "")
