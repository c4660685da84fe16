"""Values that a setting may not have, refused with what would be right and what to do."""

import math
from typing import Any  # whatever somebody wrote

from pydantic_core import PydanticCustomError

REFUSED = "refused"


def refusal(expected: str, got: object, remedy: str = "") -> PydanticCustomError:
    """What a validator raises; `load_job` makes its one line of these parts."""
    parts = {"expected": expected, "got": str(got), "remedy": remedy}
    return PydanticCustomError(REFUSED, "{expected}, got {got}", parts)


def a_number(value: Any) -> Any:
    """Refuse true and false, which would count as 1 and 0, NaN and infinities."""
    is_number = not isinstance(value, float) or math.isfinite(value)
    if isinstance(value, bool) or not is_number:
        raise refusal("a finite number", str(value).lower(), "give a number, or leave it out")
    return value
