"""Fragments that a backfill processes, and their order."""

from datetime import date
from typing import Literal

from pydantic import Field, field_validator

from ae_pipeline.config._model import Settings

FragmentState = Literal["missing", "stale", "outdated", "failed", "current", "retired", "orphaned"]
#: States of fragments that can be encoded; orphans can only be pruned.
Selectable = Literal["missing", "stale", "outdated", "failed", "current", "retired"]


class BackfillConfig(Settings):
    """Selection by partition and by state; an empty setting selects everything."""

    where: str | None = Field(
        default=None,
        min_length=1,
        description='SQL predicate on partition keys and `path`: "year >= 2013 and station = '
        "'Dingling'\".",
    )
    start: str | None = Field(
        default=None,
        description="First date, inclusive, of date-like partition keys (date=, or year=, month=, "
        "day=, hour=, or both): 2013, 2013-05, 2013-05-17, 2013-05-17T06:30, 2013-W20 or 2013-Q2.",
    )
    end: str | None = Field(default=None, description="Last date, inclusive; written like start.")
    lookback: int | None = Field(
        default=None,
        ge=1,
        description="Only this many of the latest dates, each with all its partitions, for data "
        "that arrives late. A date is as precise as the keys: an hour, if there are hours. If no "
        "key is date-like, this many of the last partitions.",
    )
    only: tuple[Selectable, ...] = Field(
        default=("missing", "stale", "failed"),
        min_length=1,
        description="States to encode. stale: the source changed. outdated: another codec is now "
        "in use. retired: the source was deleted after verification and has come back with "
        "different content.",
    )
    order: Literal["asc", "desc"] = Field(
        default="asc", description="asc: partitions in order. desc: latest date first."
    )
    limit: int | None = Field(default=None, ge=1, description="At most this many fragments.")
    prune: bool = Field(
        default=False,
        description="Remove fragments whose source is gone (orphaned). Removing more than one "
        "fragment and more than a tenth of the dataset requires execution.force.",
    )
    replace_partitions: bool = Field(
        default=False,
        description="Remove the orphaned fragments of a partition that was rewritten under other "
        "file names, once its new fragments have been written, read back and compared. Limited "
        "like prune.",
    )
    dry_run: bool = Field(default=False, description="Show the plan without carrying it out.")

    @field_validator("start", "end", mode="before")
    @classmethod
    def _as_text(cls, bound: object) -> object:
        """YAML and JSON read the year 2013 as a number."""
        is_year = isinstance(bound, int) and not isinstance(bound, bool)
        return str(bound) if is_year or isinstance(bound, date) else bound
