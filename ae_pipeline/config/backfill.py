"""Which fragments a backfill does, and in which order."""

from datetime import date
from typing import Literal

from pydantic import Field, field_validator

from ae_pipeline.config._model import Settings

FragmentState = Literal["missing", "stale", "outdated", "failed", "current", "retired", "orphaned"]
#: States that there is something to do about; orphans are pruned instead.
Selectable = Literal["missing", "stale", "outdated", "failed", "current", "retired"]


class BackfillConfig(Settings):
    """Selection by partition and by state; what is empty selects everything."""

    where: str | None = Field(
        default=None,
        min_length=1,
        description='Predicate on partition keys and `path`, as in SQL: "year >= 2013 and '
        "station = 'Dingling'\".",
    )
    start: str | None = Field(
        default=None,
        description="First date, inclusive, of date-like partition keys (date=, or year=, month=, "
        "day=, hour=, or both): 2013, 2013-05, 2013-05-17, 2013-05-17T06:30, 2013-W20 or 2013-Q2.",
    )
    end: str | None = Field(default=None, description="Last date, inclusive, as start.")
    lookback: int | None = Field(
        default=None,
        ge=1,
        description="Only so many of the last dates, for data that arrives late: all partitions of "
        "each, as precise as they are (hours where there are hours); the last partitions where no "
        "key is date-like.",
    )
    only: tuple[Selectable, ...] = Field(
        default=("missing", "stale", "failed"),
        min_length=1,
        description="States to do something about. stale: the source changed. outdated: another "
        "codec is in use by now. retired: its source was deleted after verification and came back "
        "with other content.",
    )
    order: Literal["asc", "desc"] = Field(
        default="asc", description="Partitions in their order, or latest date first."
    )
    limit: int | None = Field(default=None, ge=1, description="At most so many fragments.")
    prune: bool = Field(
        default=False,
        description="Remove fragments whose source is gone (orphaned). More than one, and more "
        "than a tenth of the dataset, only with execution.force.",
    )
    replace_partitions: bool = Field(
        default=False,
        description="Remove orphaned fragments of a partition once its new ones were written, read "
        "back and compared: a partition that was rewritten under other file names. Guarded as "
        "prune.",
    )
    dry_run: bool = Field(default=False, description="Show the plan and do nothing.")

    @field_validator("start", "end", mode="before")
    @classmethod
    def _as_text(cls, bound: object) -> object:
        """YAML and JSON take the year 2013 for a number."""
        is_year = isinstance(bound, int) and not isinstance(bound, bool)
        return str(bound) if is_year or isinstance(bound, date) else bound
