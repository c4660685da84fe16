"""Which columns go through the network, and how the source is measured before training."""

from pydantic import Field

from ae_pipeline.config._model import Settings


class ColumnsConfig(Settings):
    """Roles of columns. Without settings every float column is a feature and all else is kept."""

    keep: tuple[str, ...] = Field(
        default=(),
        description="Columns copied as they are, by name or glob. Use '*' with `feature` to choose "
        "the features one by one.",
    )
    feature: tuple[str, ...] = Field(
        default=(),
        description="Columns that go through the network, by name or glob; integers only get there "
        "this way. Wins over `keep`.",
    )
    accept_changes: bool = Field(
        default=False,
        description="Also encode columns whose Parquet types cannot be written back: their values "
        "return, their types change. Otherwise such files fail.",
    )


class StatisticsConfig(Settings):
    """The streaming pass that measures every feature column before training."""

    max_rows: int | None = Field(
        default=4_000_000,
        ge=1,
        description="Read at most about this many rows, as whole row groups spread evenly over the "
        "source; null reads every row.",
    )
