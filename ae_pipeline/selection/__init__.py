"""Which fragments and columns a person means: predicates, dates, patterns."""

from ae_pipeline.selection.dates import fragments_between, latest, latest_first
from ae_pipeline.selection.patterns import of_partitions, select_fragments, select_part
from ae_pipeline.selection.predicate import fragments_where

__all__ = [
    "fragments_between",
    "fragments_where",
    "latest",
    "latest_first",
    "of_partitions",
    "select_fragments",
    "select_part",
]
