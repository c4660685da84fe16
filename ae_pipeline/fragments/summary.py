"""Summary of fragment results: a report per partition and for the whole dataset."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from functools import reduce
from itertools import groupby
from pathlib import Path
from typing import Literal

import numpy as np
from jaxtyping import Float64

from ae_pipeline.columns import ErrorMetrics, ErrorSums, column_metrics, mean_metrics
from ae_pipeline.fitting import flattened_warnings
from ae_pipeline.formats import FragmentFormat
from ae_pipeline.fragments.byte_account import account
from ae_pipeline.fragments.column_report import dataset_fidelity, partition_warnings
from ae_pipeline.fragments.compare import feature_numbers
from ae_pipeline.results.account import StoredBytes
from ae_pipeline.results.dataset import DatasetReport, FragmentResult, PartitionReport
from ae_pipeline.store import place
from ae_pipeline.work import Outcome

TOTAL = "total"


def summarize(
    verb: Literal["encode", "decode", "verify"],
    source: str,
    destination: str | None,
    codecs: Mapping[Path, FragmentFormat],
    outcome: Outcome,
    started: float,
    columns: Collection[str] | None = None,
    compared_with: str | None = None,
) -> DatasetReport:
    """Return one report over all fragments.

    Args:
        verb: verb that ran.
        source: path that was read.
        destination: path that was written; None if none was.
        codecs: formats in use, by codec folder; the first names the columns and their scales.
        outcome: results and failures of the fragments.
        started: `time.monotonic()` when the verb began.
        columns: columns that were decoded, or None for all.
        compared_with: path of the source that decoded values were compared with, if any.
    """
    formats = list(codecs.values())
    numbers = feature_numbers(formats[0], columns) if formats else []
    unit = formats[0].error_scale[numbers] if formats else np.zeros(0)
    # Fragments come in order, so those of one partition stand together.
    by_partition = groupby(outcome.results, lambda result: result.partition)
    total = _report(TOTAL, outcome.results, unit)
    fidelity = dataset_fidelity(formats, columns, total.column_metrics)
    warnings = tuple(warning for result in outcome.results for warning in result.warnings)
    partitions = tuple(_report(name, list(results), unit) for name, results in by_partition)
    features = tuple(formats[0].schema.features[number] for number in numbers)
    # Features promise nothing, and a single partition is the whole dataset.
    is_judged = bool(fidelity) and len(partitions) > 1
    lost = partition_warnings(partitions, features, fidelity) if is_judged else ()
    encoded = destination if verb == "encode" and destination is not None else source
    return DatasetReport(
        verb=verb,
        source=source,
        destination=destination,
        codec_ids=tuple(format.codec_id for format in formats),
        features=features,
        partitions=partitions,
        total=total,
        fragments=tuple(replace(result, errors=None) for result in outcome.results),
        bytes=account(outcome.results, place(encoded), list(codecs)),
        n_written=sum(result.state == "written" for result in outcome.results),
        failures=outcome.failures,
        warnings=(
            *dict.fromkeys(warning for format in formats for warning in format.warnings),
            *warnings,
            *flattened_warnings(fidelity),
            *lost,
        ),
        seconds=time.monotonic() - started,
        fidelity=fidelity,
        compared_with=compared_with,
    )


def _report(
    name: str, results: Sequence[FragmentResult], unit: Float64[np.ndarray, "features"]
) -> PartitionReport:
    sums = [result.errors for result in results if result.errors is not None]
    metrics: ErrorMetrics | None = None
    own: list[ErrorMetrics] = []
    scaled: list[ErrorMetrics] = []
    if sums:
        total = reduce(ErrorSums.merge, sums)
        metrics = mean_metrics(total, unit)
        own, scaled = column_metrics(total), column_metrics(total, unit)
    return PartitionReport(
        **vars(StoredBytes.total(results)),
        partition=name,
        n_fragments=len(results),
        n_rows=sum(result.n_rows for result in results),
        decoded_bytes=sum(result.decoded_bytes for result in results),
        metrics=metrics,
        column_metrics=tuple(own),
        standardized_column_metrics=tuple(scaled),
    )
