"""The facts that a page shows, gathered before anything is drawn."""

from ae_pipeline.pages.facts.errors import Errors, Measured
from ae_pipeline.pages.facts.gather import Comparison, Facts, gather
from ae_pipeline.pages.facts.latents import LatentMap
from ae_pipeline.pages.facts.rows import ComparedColumn, RowSample

__all__ = [
    "ComparedColumn",
    "Comparison",
    "Errors",
    "Facts",
    "LatentMap",
    "Measured",
    "RowSample",
    "gather",
]
