"""The promise: how far a decoded value may be from its source, per column."""

from typing import Annotated, Any, Literal  # Any: a JSON tree

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from ae_pipeline.config._model import Settings
from ae_pipeline.config.refusal import a_number, refusal

ToleranceKind = Literal[
    "absolute",
    "spread",
    "range",
    "std",
    "relative",
    "digits",
    "decimals",
    "rmse",
    "psnr",
    "cosine",
    "exact",
]
#: Kinds of tolerance for columns without a rule.
RelativeKind = Literal["spread", "range", "std", "relative"]
_POSITIVE = "give the largest error, without a sign; 0 is exact"
_SHARES = {"spread", "range", "std", "relative"}
_MOST_DIGITS, _MOST_PLACES = 15, 15

_KINDS = (
    "absolute: in source units. spread: a fraction of the spread of ordinary values, which leaves "
    "out outliers, fill values and the most frequent value. range: a fraction of maximum - "
    "minimum, like SZ's REL mode. std: a fraction of the standard deviation. relative: a fraction "
    "of each value's own magnitude, like SZ's PW_REL; 0 stays 0. digits: significant digits of "
    "each value. decimals: places after the point, like GRIB's decimal scale; negative numbers are "
    "tens and hundreds. Both are rounded to the column's own type. "
    "rmse: root mean square error in source units. psnr: in dB, of maximum - minimum. cosine: "
    "of vectors alone, the least cosine similarity of each decoded vector with its source, up to "
    "1. exact: bit for bit. One tolerance holds for all floats of a vector."
)


def _is_share(value: float) -> float:
    """Accept a fraction from 0 to 1; refuse anything else with a remedy."""
    if 0 <= value <= 1:
        return value
    if value < 0:
        raise refusal("a fraction, such as 0.01 for 1 %", f"{value:g}", _POSITIVE)
    raise refusal(
        "a fraction, such as 0.01 for 1 %",
        f"{value:g}, which is {100 * value:g} %",
        "divide it by 100, or for source units use a rule of kind absolute (tolerance.rules)",
    )


Amount = Annotated[float, BeforeValidator(a_number)]
Share = Annotated[Amount, AfterValidator(_is_share)]


class ToleranceRule(Settings):
    """The tolerance of the columns that a name or glob matches."""

    match: str = Field(description="Column name or glob.")
    kind: ToleranceKind = Field(description=_KINDS)
    value: Amount = Field(
        default=0.0,
        description="Tolerance in terms of the kind. 0 is exact, except for decimals, where it "
        "rounds to whole numbers.",
    )

    @model_validator(mode="after")
    def _suits_its_kind(self) -> "ToleranceRule":
        _check_value(self.kind, self.value)
        return self


class ToleranceConfig(Settings):
    """Tolerances of all feature columns; the last rule that matches a column counts."""

    relative: Share = Field(
        default=0.01,
        description="Tolerance of columns without a rule, as a fraction of `kind`; 0 is exact.",
    )
    kind: RelativeKind = Field(
        default="spread",
        description="Base of `relative`: the spread of ordinary values, the range, the standard "
        "deviation, or each value itself.",
    )
    rules: tuple[ToleranceRule, ...] = Field(
        default=(),
        description="Rules for columns with a tolerance of their own. Each has match (a name or "
        "glob), kind (absolute, spread, range, std, relative, digits, decimals, rmse, psnr, "
        "cosine, exact) and value; the last match counts.",
    )
    accept_flattened: bool = Field(
        default=False,
        description="Encode even if a tolerance flattens a column, which leaves next to nothing of "
        "it. A rule whose match is the exact name of a column accepts this for that column.",
    )

    def shaping(self) -> dict[str, Any]:
        """Settings that shape a codec, as JSON: all except `accept_flattened`."""
        return self.model_dump(mode="json", exclude={"accept_flattened"})


def _check_value(kind: str, value: float) -> None:
    """Raise ValueError if the value does not suit the kind, saying what would."""
    if kind == "exact" and value:
        raise ValueError("exact takes no value")
    if kind == "digits" and not (value == int(value) and 1 <= value <= _MOST_DIGITS):
        raise ValueError(f"digits must be a whole number from 1 to {_MOST_DIGITS}, got {value:g}")
    if kind == "decimals" and not (value == int(value) and abs(value) <= _MOST_PLACES):
        raise ValueError(
            f"decimals must be a whole number from {-_MOST_PLACES} to {_MOST_PLACES}, got {value:g}"
        )
    if kind == "cosine" and not 0 < value <= 1:
        raise ValueError(f"cosine must be above 0 and at most 1, such as 0.999, got {value:g}")
    if kind == "psnr" and value <= 0:
        raise ValueError(f"psnr must be above 0 dB, got {value:g}")
    if kind != "decimals" and value < 0:
        raise refusal("a tolerance of at least 0", f"{value:g}", _POSITIVE)
    if kind in _SHARES:
        _is_share(value)
