"""Days since 1970 and their years, months and days, as ISO 8601 counts them."""

from __future__ import annotations

import numpy as np
from jaxtyping import Int64

from ae_pipeline.mapping.subcolumn import Integers

SECONDS_PER_DAY = 86_400
_FIRST_YEAR = 1970


def day_of(year: Integers, month: Integers, day: Integers) -> Int64[np.ndarray, "rows"]:
    """Return the days since 1970; a day past the end of its month is one of the next month."""
    months = ((year - _FIRST_YEAR) * 12 + month - 1).astype("M8[M]")
    return months.astype("M8[D]").astype(np.int64) + day - 1


def parts_of_day(days: Integers) -> tuple[Integers, Integers, Integers]:
    """Return year, month and day of days since 1970."""
    dates = days.astype("M8[D]")
    months = dates.astype("M8[M]")
    n_months = months.astype(np.int64)
    day = days - months.astype("M8[D]").astype(np.int64) + 1
    return n_months // 12 + _FIRST_YEAR, n_months % 12 + 1, day
