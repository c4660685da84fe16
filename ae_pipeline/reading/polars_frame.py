"""A lazy frame of Polars over an opened dataset: it reads what a query needs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any  # Any: options of Arrow

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from ae_pipeline.extras import require
from ae_pipeline.reading.contents import Contents
from ae_pipeline.reading.scanning import Scan

if TYPE_CHECKING:
    import polars as pl


def lazy_frame(contents: Contents) -> pl.LazyFrame:
    """Return a lazy frame; columns, predicates and limits of a query are pushed into the scan.

    Raises:
        MissingExtraError: Polars is not installed.
    """
    require("a frame of Polars", "polars")
    import polars as pl  # noqa: PLC0415, of an extra
    from polars.io.plugins import register_io_source  # noqa: PLC0415

    def read(
        with_columns: list[str] | None,
        predicate: pl.Expr | None,
        n_rows: int | None,
        batch_size: int | None,  # a hint
    ) -> Iterator[pl.DataFrame]:
        scan = _scan(contents, with_columns, predicate, n_rows)
        n_left = n_rows
        for batch in scan.batches():
            frame = pl.DataFrame(batch)
            frame = frame if predicate is None else frame.filter(predicate)
            frame = frame if n_left is None else frame.head(n_left)
            yield frame if with_columns is None else frame.select(with_columns)
            n_left = None if n_left is None else n_left - len(frame)
            if n_left == 0:
                return

    schema = pl.DataFrame(contents.schema.empty_table()).schema
    return register_io_source(read, schema=schema, is_pure=True)


def _scan(
    contents: Contents, columns: list[str] | None, predicate: pl.Expr | None, n_rows: int | None
) -> Scan:
    """Return a scan that leaves out only what no row of the predicate is in."""
    needed = set(contents.schema.names if columns is None else columns)
    condition = None
    if predicate is not None:
        needed |= set(predicate.meta.root_names())
        condition = _as_arrow(predicate, contents.schema)
        n_rows = None
    names = tuple(name for name in contents.schema.names if name in needed)
    names = names or (contents.cheapest_column,)
    return Scan(contents, names, condition, n_rows, has_largest_nan=True)


def _as_arrow(predicate: pl.Expr, schema: pa.Schema) -> pc.Expression | None:
    """Translate a predicate as Polars does for datasets of Arrow; None if it cannot."""
    import polars as pl  # noqa: PLC0415, of an extra

    asked = _Asked(schema)
    pl.scan_pyarrow_dataset(asked).filter(predicate).collect()
    return asked.condition


class _Asked(ds.Dataset):  # type: ignore[misc]  # Arrow has no types
    """An empty dataset that remembers the condition that it is asked for."""

    def __init__(self, schema: pa.Schema) -> None:  # Arrow's own is for datasets of its files
        self._schema = schema
        self.condition: pc.Expression | None = None

    @property
    def schema(self) -> pa.Schema:
        """Schema of the dataset that it stands for."""
        return self._schema

    def scanner(
        self, columns: list[str] | None = None, filter: pc.Expression | None = None, **_: Any
    ) -> ds.Scanner:
        """Return a scanner of no rows."""
        self.condition = filter
        return ds.InMemoryDataset(self._schema.empty_table()).scanner(columns=columns)
