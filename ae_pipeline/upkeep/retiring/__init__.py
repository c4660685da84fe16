"""Delete sources that the archive is proved to hold, whatever happens in between."""

from ae_pipeline.upkeep.retiring.permission import check_deletable, deletions_of
from ae_pipeline.upkeep.retiring.recovery import finish_retiring, unfinished
from ae_pipeline.upkeep.retiring.replacing import is_still_needed, replacing
from ae_pipeline.upkeep.retiring.retention import is_retired, retire

__all__ = [
    "check_deletable",
    "deletions_of",
    "finish_retiring",
    "is_retired",
    "is_still_needed",
    "replacing",
    "retire",
    "unfinished",
]
