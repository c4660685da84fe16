"""Bins: short ranges have a table of bins, long ones are searched, with the same answer."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ae_pipeline.table.bins import bins_of
from ae_pipeline.table.model import Bins
from tests.support.strategies.table_models import NUMBERS, bins, same_randomness


@st.composite
def some_bins(draw: st.DrawFn) -> Bins:
    """Bins of any kind."""
    with same_randomness():
        return draw(bins())


@given(some_bins(), st.lists(NUMBERS))
def test_bins_of(ranges: Bins, numbers: list[int]) -> None:
    """A target is in the bin whose ends it lies between, and that lists it if it lists any."""
    ends = np.cumsum(ranges.n_inside)
    lists = [part.tolist() for part in np.split(ranges.inside, ends[:-1])] if len(ends) else []
    numbers = [*numbers, *ranges.low.tolist(), *ranges.high.tolist(), *ranges.inside.tolist()]

    def expected(number: int) -> int:
        for place, (low, high) in enumerate(zip(ranges.low, ranges.high, strict=True)):
            if low <= number <= high and (not lists[place] or number in lists[place]):
                return place
        return len(ranges.low)

    found = bins_of(ranges, np.array(numbers, np.int64))
    assert found.tolist() == [expected(number) for number in numbers]
