"""Orders of rows: stable, by any integers, run by run."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from ae_pipeline.table.row_order import order_rows

ELEMENTS = st.one_of(st.integers(-2, 2), st.integers(-(1 << 63), (1 << 63) - 1))


@given(st.data(), st.integers(0, 30), st.integers(0, 3))
def test_order(data: st.DataObject, n_rows: int, n_keys: int) -> None:
    """Rows lie as a stable sort by run and keys puts them, and groups begin where these change."""
    keys = [data.draw(npst.arrays(np.int64, n_rows, elements=ELEMENTS)) for _ in range(n_keys)]
    is_start = data.draw(npst.arrays(bool, n_rows))
    is_start[:1] = True
    order = order_rows(keys, is_start)
    runs = np.cumsum(is_start).tolist()
    by_row = list(zip(runs, *(key.tolist() for key in keys), strict=True))
    expected = sorted(range(n_rows), key=by_row.__getitem__)
    assert order.rows.tolist() == expected
    firsts = [
        not place or by_row[row] != by_row[expected[place - 1]]
        for place, row in enumerate(expected)
    ]
    assert order.is_first.tolist() == firsts
