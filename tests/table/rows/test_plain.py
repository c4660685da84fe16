"""Rows with numpy: rows of a leaf or token are found together."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ae_pipeline.table.between.level_coder import EscapeReader
from ae_pipeline.table.known import KnownRows
from ae_pipeline.table.rows.plain import PlainRows
from ae_pipeline.table.targets import coding_order
from ae_pipeline.table.tokens import TokenCoder, grouped
from tests.support.golden.sub_columns import CASES


@given(st.lists(st.integers(0, 9)))
def test_groups(numbers: list[int]) -> None:
    """Groups have the places of their number, in order, and none is empty."""
    found = grouped(np.array(numbers, np.int32), 10)
    assert [number for number, _ in found] == sorted(set(numbers))
    for number, places in found:
        assert places.tolist() == [at for at, one in enumerate(numbers) if one == number]


def test_levels_need_a_hierarchy() -> None:
    """A model without levels does not read any."""
    model, known = CASES["plain"].model, KnownRows(3, {})
    rows = PlainRows(model, TokenCoder(model))
    with pytest.raises(ValueError, match="without a hierarchy"):
        rows.read_levels(b"", EscapeReader(b"", 3), known, coding_order((), known, None))
