"""The sections of a page, one module each, in the order of what a person wants to know."""

from __future__ import annotations

from collections.abc import Callable

from ae_pipeline.pages.facts import Facts
from ae_pipeline.pages.markup import Section
from ae_pipeline.pages.pictures import (
    candidates,
    drift,
    error_map,
    fidelity,
    histogram,
    latents,
    network,
    partitions,
    parts,
    rows,
    training,
)

#: Each makes a section of the facts, or None where there is nothing to show.
SECTIONS: tuple[Callable[[Facts], Section | None], ...] = (
    parts.section,
    fidelity.section,
    error_map.section,
    rows.section,
    histogram.section,
    partitions.section,
    drift.section,
    latents.section,
    candidates.section,
    training.section,
    network.section,
)

__all__ = ["SECTIONS"]
