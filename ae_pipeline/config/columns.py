"""Columns to encode, and the measurement of the source before training."""

from pydantic import Field

from ae_pipeline.config._model import Settings


class ColumnsConfig(Settings):
    """Roles of columns. By default every float column is a feature and all others are kept."""

    keep: tuple[str, ...] = Field(
        default=(),
        description="Columns to copy unchanged, by name or glob. Use '*' with `feature` to name "
        "every feature.",
    )
    feature: tuple[str, ...] = Field(
        default=(),
        description="Columns to encode, by name or glob; the only way to encode integers. "
        "Overrides `keep`.",
    )
    accept_changes: bool = Field(
        default=False,
        description="Also encode columns whose Parquet types cannot be restored: their values "
        "come back, their types change. Without this, such files fail.",
    )


class StatisticsConfig(Settings):
    """The streaming pass that measures every feature column before training."""

    max_rows: int | None = Field(
        default=4_000_000,
        ge=1,
        description="Read about this many rows at most, as whole row groups spread evenly over the "
        "source; null reads every row.",
    )
