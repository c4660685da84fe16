"""Errors per partition and column as a Parquet table, `docs/format.md`, section 3."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from ae_pipeline.publish import publishing
from ae_pipeline.results.dataset import DatasetReport, PartitionReport


def write_metrics(report: DatasetReport, path: Path) -> None:
    """Write one row per partition and column, in source units and standardised; totals last."""
    rows = [
        row
        for partition in (*report.partitions, report.total)
        for row in _metric_rows(partition, report.features)
    ]
    with publishing(path) as temporary:
        pq.write_table(pa.Table.from_pylist(rows, schema=_METRICS_SCHEMA), temporary)


_MEASURES = ("mse", "rmse", "mae", "max_error")
_SHARES = ("r2", "r2_bulk")
_CLASSES = ("accuracy", "macro_f1")
_METRICS_SCHEMA = pa.schema(
    [
        ("partition", pa.string()),
        ("column", pa.string()),
        ("n_rows", pa.int64()),
        ("n_compared", pa.int64()),
        ("n_mismatched", pa.int64()),
        *((name, pa.float64()) for name in _MEASURES),
        ("max_error_to_tolerance", pa.float64()),
        *((f"standardized_{name}", pa.float64()) for name in _MEASURES),
        *((name, pa.float64()) for name in _SHARES),
        *((name, pa.float64()) for name in _CLASSES),
    ]
)


def _metric_rows(
    partition: PartitionReport, features: Iterable[str]
) -> list[dict[str, str | int | float | None]]:
    columns = zip(
        features,
        partition.column_metrics,
        partition.standardized_column_metrics,
        strict=False,
    )
    return [
        {
            "partition": partition.partition,
            "column": name,
            "n_rows": partition.n_rows,
            "n_compared": own.count,
            "n_mismatched": own.n_mismatched,
            **{measure: getattr(own, measure) for measure in _MEASURES},
            "max_error_to_tolerance": own.max_error_to_tolerance,
            **{f"standardized_{measure}": getattr(scaled, measure) for measure in _MEASURES},
            **{share: getattr(own, share) for share in (*_SHARES, *_CLASSES)},
        }
        for name, own, scaled in columns
    ]
