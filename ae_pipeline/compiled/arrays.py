"""The model of a sub-column as plain arrays."""

from __future__ import annotations

from typing import NamedTuple

from ae_pipeline.compiled.compiling import Int64s, UInt32s, UInt64s


class Model(NamedTuple):
    """Tree, tables and bins of a sub-column; symbols have what lies left of them in their table."""

    asks: Int64s
    thresholds: Int64s
    rights: Int64s
    leaves: Int64s
    token_lefts: UInt32s
    n_guesses: int
    lows: Int64s
    lasts: UInt64s
    list_ends: Int64s
    listed: Int64s
    listed_lefts: UInt32s
