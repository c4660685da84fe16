"""Conditions on rows: expressions of Arrow, or text in SQL, which sqlglot parses."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

from ae_pipeline.errors import ConfigError, listing
from ae_pipeline.extras import require

#: A condition as callers give it.
Condition: TypeAlias = pc.Expression | str | None


def condition_of(given: Condition, schema: pa.Schema) -> pc.Expression | None:
    """Return a condition as an expression; None for none.

    Args:
        given: an expression of Arrow, or text such as `fare > 10 and city = 'Oslo'`.
        schema: of the dataset.

    Raises:
        ConfigError: the text is not understood, or names no column.
        MissingExtraError: there is text, and sqlglot is not installed.
    """
    if given is None or isinstance(given, pc.Expression):
        return given
    require("a condition in SQL", "sqlglot", or_else="give an expression of pyarrow.compute")
    from ae_pipeline.reading.sql_condition import parsed  # noqa: PLC0415, of an extra

    return parsed(given, schema)


def unknown_columns(names: Iterable[str], schema: pa.Schema) -> ConfigError:
    """Say that columns do not exist."""
    return ConfigError(
        "no such column",
        where="columns",
        expected=f"one of {listing(schema.names)}",
        got=listing(list(names)),
    )
