"""Tables in memory where a source is wanted: any frame that gives Arrow's streams."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol, TypeVar, runtime_checkable

import pyarrow as pa
import pyarrow.parquet as pq

_Other = TypeVar("_Other")
#: File that holds a frame, in the folder of `as_source`.
FRAME_FILE = "part-0.parquet"


@runtime_checkable
class Frame(Protocol):
    """A table of Arrow, Polars, pandas, DuckDB: whatever gives a stream of batches."""

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """Export the rows as a stream (the Arrow PyCapsule interface)."""


@contextmanager
def as_source(given: Frame | _Other) -> Iterator[str | _Other]:
    """Yield a source that holds a frame's rows for the context; what is no frame as it is.

    Args:
        given: a frame, or whatever else names a source.
    """
    if not isinstance(given, Frame):
        yield given
        return
    rows = pa.RecordBatchReader.from_stream(given)
    with tempfile.TemporaryDirectory(prefix="ae-pipeline-") as folder:
        with pq.ParquetWriter(Path(folder) / FRAME_FILE, rows.schema) as writer:
            for batch in rows:
                writer.write_batch(batch)
        yield folder
