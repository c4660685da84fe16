"""Delete sources that the archive is proved to hold, whatever happens in between."""

from ae_pipeline.upkeep.retiring.permission import check_deletable
from ae_pipeline.upkeep.retiring.recovery import finish_retiring, unfinished
from ae_pipeline.upkeep.retiring.replacing import is_still_needed, replacing
from ae_pipeline.upkeep.retiring.retention import is_retired, retire
from ae_pipeline.upkeep.retiring.together import retire_all

__all__ = [
    "check_deletable",
    "finish_retiring",
    "is_retired",
    "is_still_needed",
    "replacing",
    "retire",
    "retire_all",
    "unfinished",
]
