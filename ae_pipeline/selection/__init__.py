"""Which fragments and columns a person means: dates, patterns; `predicate` needs sqlglot."""

from ae_pipeline.selection.dates import fragments_between, latest, latest_first
from ae_pipeline.selection.patterns import of_partitions, select_fragments, select_part

__all__ = [
    "fragments_between",
    "latest",
    "latest_first",
    "of_partitions",
    "select_fragments",
    "select_part",
]
