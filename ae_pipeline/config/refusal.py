"""Refusals of values: each says what is expected and what to do."""

import math
from typing import Any  # whatever somebody wrote

from pydantic_core import PydanticCustomError

REFUSED = "refused"


def refusal(expected: str, got: object, remedy: str = "") -> PydanticCustomError:
    """The error for a validator to raise; `load_job` builds its one line from these parts."""
    parts = {"expected": expected, "got": str(got), "remedy": remedy}
    return PydanticCustomError(REFUSED, "{expected}, got {got}", parts)


def a_number(value: Any) -> Any:
    """Refuse NaN, infinities, and booleans, which would count as 1 and 0."""
    is_number = not isinstance(value, float) or math.isfinite(value)
    if isinstance(value, bool) or not is_number:
        raise refusal("a finite number", str(value).lower(), "give a number, or leave it out")
    return value
