"""The base of every settings model."""

from typing import Any, get_args  # Any: annotations and raw settings have no static type

from pydantic import BaseModel, ConfigDict, field_validator
from pydantic_core import PydanticCustomError


class Settings(BaseModel):
    """Frozen, rejects unknown keys, round-trips through JSON and YAML (so no infinities).

    Booleans are no numbers: pydantic would take `relative: true` for 100 %.
    """

    model_config = ConfigDict(
        frozen=True, extra="forbid", validate_default=True, allow_inf_nan=False
    )

    @field_validator("*", mode="before")
    @classmethod
    def _is_no_boolean(cls, value: Any, info: Any) -> Any:
        """Refuse booleans, also in lists, where numbers are wanted."""
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
    """All types that an annotation is made of."""
    return {annotation}.union(*map(_kinds, get_args(annotation))) if _is_type(annotation) else set()


def _is_type(annotation: Any) -> bool:
    """Whether it is none of the values that literals and metadata hold."""
    return isinstance(annotation, type) or bool(get_args(annotation))
