"""Events that an automation can act on: rows grew or a distribution shifted, fragments failed.

All concern the dataset that was read, `ae-pipeline.dataset.<name>-<digest>`; Prefect adds the run,
the flow and the deployment they came from.
"""

import math
from collections.abc import Sequence
from typing import Any  # payloads are JSON trees

from prefect.events import emit_event

from ae_pipeline.escaping import visible
from ae_pipeline.results.dataset import FragmentFailure
from ae_pipeline.results.drift import DriftReport, PartitionDrift

from .names import slug

DRIFT = "ae-pipeline.drift"
SHIFT = "ae-pipeline.shift"
FRAGMENTS_FAILED = "ae-pipeline.fragments-failed"

#: The most fragments or partitions that an event names; Prefect limits an event's bytes.
_MOST_NAMED = 100


def emit_drift(report: DriftReport, dataset: str) -> None:
    """Report how far partitions are from the data of the fit, drifted ones first.

    If only distributions shifted and rows take no more bytes than accepted, the event has another
    name: seasons shift, and nobody wants to be stopped by them.

    Args:
        report: drift of the partitions that have new data.
        dataset: path of the source.
    """
    ordered = sorted(report.partitions, key=lambda one: not (one.is_grown or one.is_shifted))
    _emit(
        DRIFT if report.is_drifted else SHIFT,
        dataset,
        {
            "action": report.action,
            "codec_id": report.codec_id,
            "new_codec_id": report.new_codec_id,
            "is_grown": report.is_drifted,
            "is_shifted": report.is_shifted,
            "partitions_drifted": sum(one.is_grown or one.is_shifted for one in ordered),
            "partitions": [_partition(one) for one in ordered[:_MOST_NAMED]],
        },
    )


def emit_failures(failures: Sequence[FragmentFailure], n_fragments: int, dataset: str) -> None:
    """Report that some of a dataset's fragments failed, and why."""
    named = [
        {"fragment": visible(one.relative), "message": visible(str(one))}
        for one in failures[:_MOST_NAMED]
    ]
    _emit(
        FRAGMENTS_FAILED,
        dataset,
        {"failed": len(failures), "fragments": n_fragments, "failures": named},
    )


def _partition(one: PartitionDrift) -> dict[str, Any]:
    """Return one partition's measures; an event is JSON, which has no infinite numbers or NaN."""
    return {
        "partition": visible(one.partition),
        "growth": _finite(one.growth),
        "shift": _finite(one.shift),
        "column": visible(one.worst_column),
        "is_grown": one.is_grown,
        "is_shifted": one.is_shifted,
    }


def _finite(measure: float | None) -> float | None:
    return float(measure) if measure is not None and math.isfinite(measure) else None


def _emit(event: str, dataset: str, payload: dict[str, Any]) -> None:
    resource = {
        "prefect.resource.id": f"ae-pipeline.dataset.{slug(dataset)}",
        "prefect.resource.name": visible(dataset),
    }
    emit_event(event, resource=resource, payload=payload)
