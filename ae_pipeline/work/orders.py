"""Orders for workers outside the job's process."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any  # items and results of any work

from ae_pipeline.protection import Protected, now_protected
from ae_pipeline.store import Pass, give_pass
from ae_pipeline.work.attempt import Work
from ae_pipeline.work.records import level_wanted


@dataclass(frozen=True)
class Orders:
    """Orders for a worker, which it is sent before items.

    Args:
        work: to open.
        protected: files that nothing may be written over.
        level: records of this level and above are sent back.
        stores: the object stores that the job visits; None if there are none.
    """

    work: Work[Any, Any]
    protected: Protected | None
    level: int
    stores: Pass | None = None

    @classmethod
    def of(cls, work: Work[Any, Any]) -> Orders:
        """Order some work under what this context protects."""
        return cls(work, now_protected(), level_wanted(), give_pass())
