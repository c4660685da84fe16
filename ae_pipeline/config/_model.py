"""The base of every settings model, and the form that its JSON schema makes.

Prefect draws a form from the schema: fields by `position`, each with its title and description.
"""

from typing import Any, ClassVar, NamedTuple, get_args  # Any: annotations, JSON, raw settings

from pydantic import BaseModel, ConfigDict, field_validator
from pydantic_core import PydanticCustomError


class Form(NamedTuple):
    """Names of the fields of a form, in order; those of neither kind are not in it.

    Args:
        essential: what most people fill in.
        advanced: what has a default that suits most.
    """

    essential: tuple[str, ...]
    advanced: tuple[str, ...] = ()


def _as_form(schema: dict[str, Any], model: type["Settings"]) -> None:
    """Order the fields of a schema, give each a title and a description, take out unused ones.

    Those are still accepted: one job file serves every verb.
    """
    form = model.FORM or Form(tuple(schema["properties"]))
    named = {**dict.fromkeys(form.essential, ""), **dict.fromkeys(form.advanced, "Advanced: ")}
    unused = [name for name in schema["properties"] if name not in named]
    schema["properties"] = {
        name: {
            **schema["properties"][name],
            "title": _title(mark, name),
            "description": _description(model, name),
            "position": position,
        }
        for position, (name, mark) in enumerate(named.items())
    }
    if unused:
        schema["patternProperties"] = {f"^({'|'.join(unused)})$": {}}


def _title(mark: str, name: str) -> str:
    words = name.replace("_", " ")
    return f"{mark}{words}" if mark else words.capitalize()


def _description(model: type[BaseModel], name: str) -> str:
    """Return a field's description, or that of the group of settings that it is."""
    field = model.model_fields[name]
    return field.description or str(field.annotation.__doc__).split("\n\n")[0]


class Settings(BaseModel):
    """Frozen, rejects unknown keys, round-trips through JSON and YAML (so no infinities).

    A boolean is not a number here; pydantic would read `relative: true` as 100 %.
    """

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        validate_default=True,
        allow_inf_nan=False,
        json_schema_extra=_as_form,
    )
    #: Fields of the form; None for all, in order.
    FORM: ClassVar[Form | None] = None

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
