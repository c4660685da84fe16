"""Numbers in few digits, for what codecs tell people: digits that say nothing take bytes."""

from __future__ import annotations


def rounded(number: float, digits: int) -> float:
    """Return a finite number to so many significant digits."""
    return float(f"{number:.{digits}g}")


def rounded_or_none(number: float | None, digits: int) -> float | None:
    """Do as `rounded` where there is a number."""
    return None if number is None else rounded(number, digits)
