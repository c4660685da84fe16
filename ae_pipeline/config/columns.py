"""Columns to encode, and the measurement of the source before training."""

from typing import Literal

from pydantic import Field

from ae_pipeline.config._model import Settings

Code = Literal["auto", "all", "features"]
Learn = Literal["floats", "all"]


class ColumnsConfig(Settings):
    """Roles of columns. By default every float column is a feature."""

    keep: tuple[str, ...] = Field(
        default=(),
        description="Columns to copy unchanged, by name or glob, so that other tools can read them "
        "in place. Use '*' with `feature` to name every feature.",
    )
    feature: tuple[str, ...] = Field(
        default=(),
        description="Columns that may lose precision within the tolerance, or go through a "
        "network, by name or glob; the only way to do this to integers. Overrides `keep`.",
    )
    learn: Learn = Field(
        default="floats",
        description="Columns that latents stand for. floats: those of floats, and what `feature` "
        "names. all: also integers, booleans, strings, decimals, times and vectors, unless they "
        "are kept, keys, or hold too many values to tell apart. Latents also tell of the words of "
        "texts, which stay columns of their own.",
    )
    code: Code = Field(
        default="auto",
        description="Columns of an archive that are not features. auto: code them exactly, but "
        "keep those that are hardly larger as plain Parquet. all: code every one. features: keep "
        "them all.",
    )
    chain: int = Field(
        default=16,
        ge=1,
        le=1024,
        description="Most columns of an archive in a chain, each decoded from the one before, by "
        "the table model and, counted apart, by linear prediction. A reader of one column decodes "
        "all that it depends on: shorter chains make that less, and archives larger. 1: every "
        "column on its own.",
    )
    accept_changes: bool = Field(
        default=False,
        description="Also encode columns whose Parquet types cannot be restored: their values "
        "come back, their types change. Without this, such files fail.",
    )

    @property
    def codes_others(self) -> bool:
        """Whether an archive codes columns that are not features."""
        return self.code in ("auto", "all")


class StatisticsConfig(Settings):
    """The streaming pass that measures every feature column before training."""

    max_rows: int | None = Field(
        default=4_000_000,
        ge=1,
        description="Read about this many rows at most, as whole row groups spread evenly over the "
        "source; null reads every row.",
    )
