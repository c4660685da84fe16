"""The promise: how far a decoded value may be from its source, per column."""

from typing import Literal

from pydantic import Field, model_validator

from ae_pipeline.config._model import Settings

ToleranceKind = Literal["range", "std", "absolute", "exact"]


class ToleranceRule(Settings):
    """The tolerance of the columns that a name or glob matches."""

    match: str = Field(description="Column name or glob.")
    kind: ToleranceKind = Field(
        description="range: relative to maximum - minimum at fit time, as SZ's REL mode. std: "
        "relative to the standard deviation. absolute: in source units. exact: bit for bit."
    )
    value: float = Field(default=0.0, ge=0, description="Of the kind; 0 is exact.")

    @model_validator(mode="after")
    def _exact_has_no_value(self) -> "ToleranceRule":
        if self.kind == "exact" and self.value:
            raise ValueError("exact takes no value")
        return self


class ToleranceConfig(Settings):
    """Tolerances of all feature columns; the last rule that matches a column counts."""

    relative: float = Field(
        default=0.01,
        ge=0,
        description="Of columns that no rule matches, relative to their range; 0 is exact.",
    )
    rules: tuple[ToleranceRule, ...] = Field(
        default=(),
        description="Columns with a tolerance of their own, each rule with match (a name or glob), "
        "kind (range, std, absolute, exact) and value; the last match counts.",
    )
