"""The base of every settings model."""

from typing import Any, get_args  # Any: annotations and raw settings have no static type

from pydantic import BaseModel, ConfigDict, field_validator
from pydantic_core import PydanticCustomError


class Settings(BaseModel):
    """Frozen, rejects unknown keys, round-trips through JSON and YAML (so no infinities).

    A boolean is not a number here; pydantic would read `relative: true` as 100 %.
    """

    model_config = ConfigDict(
        frozen=True, extra="forbid", validate_default=True, allow_inf_nan=False
    )

    @field_validator("*", mode="before")
    @classmethod
    def _is_no_boolean(cls, value: Any, info: Any) -> Any:
        """Refuse booleans where numbers are expected, in lists, too."""
        kinds = _kinds(cls.model_fields[str(info.field_name)].annotation)
        values = value if isinstance(value, list | tuple) else (value,)
        if (
            any(isinstance(one, bool) for one in values)
            and kinds & {int, float}
            and bool not in kinds
        ):
            raise PydanticCustomError("number_type", "Input should be a number")
        return value


def _kinds(annotation: Any) -> set[Any]:
    """All types within an annotation."""
    return {annotation}.union(*map(_kinds, get_args(annotation))) if _is_type(annotation) else set()


def _is_type(annotation: Any) -> bool:
    """Whether this is a type, not a value inside a Literal or in metadata."""
    return isinstance(annotation, type) or bool(get_args(annotation))
