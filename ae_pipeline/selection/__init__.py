"""Which fragments and columns a person means: partitions by predicate and date, patterns.

Only `predicate` needs sqlglot, and it is imported when a job has a predicate.
"""

from ae_pipeline.selection.dates import fragments_between, latest, latest_first
from ae_pipeline.selection.partitions import select_partitions
from ae_pipeline.selection.patterns import of_partitions, select_fragments, select_part

__all__ = [
    "fragments_between",
    "latest",
    "latest_first",
    "of_partitions",
    "select_fragments",
    "select_part",
    "select_partitions",
]
