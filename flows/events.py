"""Events that an automation can act on: data drifted, fragments failed.

Both concern the dataset that was read, `ae-pipeline.dataset.<name>`; Prefect adds the run, the flow
and the deployment they came from.
"""

from collections.abc import Sequence
from typing import Any  # payloads are JSON trees

from prefect.events import emit_event

from ae_pipeline.results import FragmentFailure
from flows.names import slug

DRIFT = "ae-pipeline.drift"
FRAGMENTS_FAILED = "ae-pipeline.fragments-failed"

#: The most fragments or partitions that an event names; Prefect limits an event's bytes.
_MOST_NAMED = 100


def emit_failures(failures: Sequence[FragmentFailure], n_fragments: int, dataset: str) -> None:
    """Tell that some of a dataset's fragments failed, and why."""
    named = [{"fragment": one.relative, "message": str(one)} for one in failures[:_MOST_NAMED]]
    _emit(
        FRAGMENTS_FAILED,
        dataset,
        {"failed": len(failures), "fragments": n_fragments, "failures": named},
    )


def _emit(event: str, dataset: str, payload: dict[str, Any]) -> None:
    resource = {
        "prefect.resource.id": f"ae-pipeline.dataset.{slug(dataset)}",
        "prefect.resource.name": dataset,
    }
    emit_event(event, resource=resource, payload=payload)
