"""Cells of a page's tables: what a person reads, and the number by which rows are sorted."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from ae_pipeline.escaping import visible
from ae_pipeline.report.headline import size_words

#: How a cell stands out: something is lost, or may be, or it is not the source's.
Tone = Literal["", "bad", "warn", "decoded"]


@dataclass(frozen=True)
class Cell:
    """One cell.

    Args:
        text: rounded, with its unit.
        value: to sort by; None for text, and for numbers that are not known.
        tone: how it stands out.
        is_number: aligned as one.
    """

    text: str
    value: int | float | None = None
    tone: Tone = ""
    is_number: bool = True


#: A number that is not known.
UNKNOWN = Cell("-")


def words(text: str, tone: Tone = "") -> Cell:
    """Text, with its invisible characters shown."""
    return Cell(visible(text), None, tone, is_number=False)


def count(number: int | None) -> Cell:
    """A number of things: `1,234`."""
    return UNKNOWN if number is None else Cell(f"{number:,}", number)


def size(n_bytes: int | None) -> Cell:
    """Bytes in their largest unit: `7.87 MB`."""
    return UNKNOWN if n_bytes is None else Cell(size_words(n_bytes), n_bytes)


def number(value: float | None, unit: str = "", tone: Tone = "") -> Cell:
    """A measure of three digits."""
    if value is None or math.isnan(value):
        return UNKNOWN
    text = f"{value:,.0f}" if 1e3 <= abs(value) < 1e7 else f"{value:.3g}"
    return Cell(f"{text}{unit}", value, tone)


def percent(share: float | None, tone: Tone = "") -> Cell:
    """A share: `99.8 %`. What is not all does not read as if it were."""
    if share is None or math.isnan(share):
        return UNKNOWN
    return Cell(percent_words(share), share, tone)


def percent_words(share: float) -> str:
    """A share in three digits, cut so that 99.996 % is not 100 %."""
    if 0.99 <= share < 1:
        return f"{math.floor(share * 1e4) / 100:.2f} %"
    if 0.1 <= share < 0.99:
        return f"{100 * share:.1f} %"
    return f"{100 * share:,.0f} %" if share >= 10 else f"{100 * share:.3g} %"
