"""Fragment results → a report per partition, and the metrics table as Parquet."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import reduce
from itertools import groupby
from pathlib import Path
from typing import Literal

import pyarrow as pa
import pyarrow.parquet as pq

from ae_pipeline.metrics import ErrorMetrics, ErrorSums, column_metrics, mean_metrics
from ae_pipeline.pipeline.fragments import Outcome
from ae_pipeline.publish import publishing
from ae_pipeline.results import DatasetReport, FragmentResult, PartitionReport
from ae_pipeline.storage import Coder

TOTAL = "total"


def summarize(
    verb: Literal["encode", "decode", "verify"],
    source: str,
    destination: str,
    coders: Sequence[Coder],
    outcome: Outcome,
    started: float,
) -> DatasetReport:
    """One report over all fragments.

    Args:
        verb: what was done.
        source: path that was read.
        destination: path that was written.
        coders: those in use; the first names the columns and their scales.
        outcome: results and failures of the fragments.
        started: `time.monotonic()` when the verb began.
    """
    coder = coders[0] if coders else None
    # Fragments come in order, so those of one partition stand together.
    by_partition = groupby(outcome.results, lambda result: result.partition)
    return DatasetReport(
        verb=verb,
        source=source,
        destination=destination,
        codec_ids=tuple(coder.codec_id for coder in coders),
        features=coder.schema.features if coder else (),
        partitions=tuple(_report(name, list(results), coder) for name, results in by_partition),
        total=_report(TOTAL, outcome.results, coder),
        n_written=sum(result.state == "written" for result in outcome.results),
        failures=outcome.failures,
        warnings=tuple(warning for result in outcome.results for warning in result.warnings),
        seconds=time.monotonic() - started,
    )


def write_metrics(report: DatasetReport, path: Path) -> None:
    """One row per partition and column, in source units and standardised; totals last."""
    rows = [
        row
        for partition in (*report.partitions, report.total)
        for row in _metric_rows(partition, report.features)
    ]
    with publishing(path) as temporary:
        pq.write_table(pa.Table.from_pylist(rows, schema=_METRICS_SCHEMA), temporary)


_MEASURES = ("mse", "rmse", "mae", "max_error")
_METRICS_SCHEMA = pa.schema(
    [
        ("partition", pa.string()),
        ("column", pa.string()),
        ("n_rows", pa.int64()),
        ("n_compared", pa.int64()),
        ("n_mismatched", pa.int64()),
        *((name, pa.float64()) for name in _MEASURES),
        *((f"standardized_{name}", pa.float64()) for name in _MEASURES),
    ]
)


def _metric_rows(
    partition: PartitionReport, features: Iterable[str]
) -> list[dict[str, str | int | float]]:
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
            **{f"standardized_{measure}": getattr(scaled, measure) for measure in _MEASURES},
        }
        for name, own, scaled in columns
    ]


def _report(name: str, results: Sequence[FragmentResult], coder: Coder | None) -> PartitionReport:
    sums = [result.errors for result in results if result.errors is not None]
    total = reduce(ErrorSums.merge, sums) if sums else None
    metrics: ErrorMetrics | None = None
    own: list[ErrorMetrics] = []
    scaled: list[ErrorMetrics] = []
    if total is not None and coder is not None:
        metrics = mean_metrics(total, coder.unit)
        own, scaled = column_metrics(total), column_metrics(total, coder.unit)
    return PartitionReport(
        partition=name,
        n_fragments=len(results),
        n_rows=sum(result.n_rows for result in results),
        source_bytes=sum(result.source_bytes for result in results),
        encoded_bytes=sum(result.encoded_bytes for result in results),
        payload_bytes=sum(result.payload_bytes for result in results),
        decoded_bytes=sum(result.decoded_bytes for result in results),
        metrics=metrics,
        column_metrics=tuple(own),
        standardized_column_metrics=tuple(scaled),
        ledger=dict(sum((Counter(result.ledger) for result in results), Counter())),
    )
