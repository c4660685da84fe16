"""Cycles of a features codec, read from JSON with every name checked."""

from __future__ import annotations

from typing import Any  # JSON that others wrote

from ae_pipeline.columns import TableSchema
from ae_pipeline.inputs import Cycle, possible_cycles


def cycles_from_json(
    schema: TableSchema, features: list[dict[str, Any]]
) -> dict[int, tuple[Cycle, ...]]:
    """Read the cycles of all features that have `cycles`, by the number of their lane.

    Raises:
        ValueError: a name is no cycle of the column's type, repeats, or is not in order.
    """
    found = {}
    for feature, kind, span in zip(features, schema.feature_types, schema.spans, strict=True):
        names = feature.get("cycles")
        if names is None:
            continue
        possible = possible_cycles(kind)
        if not isinstance(names, list) or names != [one for one in possible if one in names]:
            raise ValueError(f"cycles of {feature['name']} are not among {', '.join(possible)}")
        if not feature["scale"]:
            raise ValueError(f"{feature['name']} has cycles and does not vary")
        found[span.start] = tuple(possible[name] for name in names)
    return found
