"""Colours by their roles. Matplotlib draws with stand-ins, for which the page has its own values.

So one picture suits light and dark pages, and paper.
"""

from __future__ import annotations

from enum import StrEnum


class Colour(StrEnum):
    """One colour of the page's style sheet, as the stand-in that matplotlib draws with."""

    INK = "#010101"
    MUTED = "#010102"
    LINE = "#010103"
    PAPER = "#010104"
    OURS = "#010105"
    SOURCE = "#010106"
    PLAIN = "#010107"
    DECODED = "#010108"
    BAD = "#010109"
    SCALE_0 = "#010110"
    SCALE_1 = "#010111"
    SCALE_2 = "#010112"
    SCALE_3 = "#010113"
    RANK_0 = "#010120"
    RANK_1 = "#010121"
    RANK_2 = "#010122"
    RANK_3 = "#010123"
    RANK_4 = "#010124"
    KIND_0 = "#010130"
    KIND_1 = "#010131"
    KIND_2 = "#010132"
    KIND_3 = "#010133"
    KIND_4 = "#010134"
    KIND_5 = "#010135"

    @property
    def variable(self) -> str:
        """The name in the style sheet: `--scale-0`."""
        return f"--{self.name.lower().replace('_', '-')}"


#: From good to bad, without the worst, which is `BAD`.
SCALE = (Colour.SCALE_0, Colour.SCALE_1, Colour.SCALE_2, Colour.SCALE_3)
#: From low to high.
RANKS = (Colour.RANK_0, Colour.RANK_1, Colour.RANK_2, Colour.RANK_3, Colour.RANK_4)
#: Without an order.
KINDS = (
    *(Colour.KIND_0, Colour.KIND_1, Colour.KIND_2),
    *(Colour.KIND_3, Colour.KIND_4, Colour.KIND_5),
)
