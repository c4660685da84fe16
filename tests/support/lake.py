"""Tables with a log of their own for tests, and their rows as our reader finds them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from ae_pipeline.dataset import Source, discover, partition_values
from ae_pipeline.lake import reading_table

Rows = Counter[str]


def as_rows(table: pa.Table, **constants: object) -> Rows:
    """Rows as a multiset, whatever their order and the order of their columns; NaN equals NaN."""
    return Counter(
        repr(sorted({**row, **constants}.items(), key=lambda pair: pair[0]))
        for row in table.to_pylist()
    )


@contextmanager
def read(source: str) -> Iterator[Source]:
    """The fragments of a table, or of whatever the source is, while it is visited."""
    with reading_table(source) as pinned:
        yield discover(str(pinned))


def rows_of(source: str, with_partitions: bool = False) -> Rows:
    """All rows of a table, with the partition values of their files as text if asked for."""
    found: Rows = Counter()
    with read(source) as dataset:
        for fragment in dataset.fragments:
            values: Mapping[str, Any] = partition_values(fragment) if with_partitions else {}
            # partitioning=None: Arrow would read them from folders on disk, too.
            found += as_rows(pq.read_table(fragment.path, partitioning=None), **values)
    return found


def names_of(source: str) -> list[str]:
    """Paths of the fragments below the source."""
    with read(source) as dataset:
        return [fragment.relative for fragment in dataset.fragments]


def write_log(
    table: Path,
    fields: list[dict[str, Any]],
    adds: list[dict[str, Any]],
    *,
    features: tuple[str, ...] = (),
    partitions: tuple[str, ...] = (),
    **configuration: str,
) -> Path:
    """Write the log of a Delta table by hand, with what the library does not write."""
    protocol: dict[str, Any] = {"minReaderVersion": 2, "minWriterVersion": 5}
    if features:
        protocol = {
            "minReaderVersion": 3,
            "minWriterVersion": 7,
            "readerFeatures": list(features),
            "writerFeatures": list(features),
        }
    metadata = {
        "id": "by-hand",
        "format": {"provider": "parquet", "options": {}},
        "schemaString": json.dumps({"type": "struct", "fields": fields}),
        "partitionColumns": list(partitions),
        "configuration": {key.replace("_", "."): value for key, value in configuration.items()},
        "createdTime": 1,
    }
    actions = [{"protocol": protocol}, {"metaData": metadata}, *({"add": add} for add in adds)]
    (table / "_delta_log").mkdir(parents=True)
    log = table / "_delta_log" / f"{0:020}.json"
    log.write_text("\n".join(map(json.dumps, actions)))
    return table


def field(name: str, kind: object, **mapping: object) -> dict[str, Any]:
    """A column of a log written by hand; physicalName and id of column mapping as keywords."""
    metadata = {f"delta.columnMapping.{key}": value for key, value in mapping.items()}
    return {"name": name, "type": kind, "nullable": True, "metadata": metadata}


def add(path: str, size_bytes: int, **more: object) -> dict[str, Any]:
    """An action that makes a file live."""
    return {
        "path": path,
        "partitionValues": {},
        "size": size_bytes,
        "modificationTime": 1,
        "dataChange": True,
        **more,
    }
