"""Windows: consecutive rows as one input, and back."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ae_pipeline.blocks.windows import rows_to_windows, windows_to_rows


@given(st.integers(1, 40), st.integers(1, 5), st.integers(1, 9))
def test_round_trip(n_rows: int, n_inputs: int, window: int) -> None:
    """Rows come back from their windows, whether or not these divide them."""
    matrix = np.arange(n_rows * n_inputs, dtype=np.float32).reshape(n_rows, n_inputs)
    wide = rows_to_windows(matrix, window)
    assert wide.shape == (-(-n_rows // window), window * n_inputs)
    rows = windows_to_rows(wide.T.astype(np.float64), window, n_rows)
    np.testing.assert_array_equal(rows.T, matrix)


@pytest.mark.parametrize("n_rows", [4, 5, 7])
def test_last_row_fills_the_last_window(n_rows: int) -> None:
    """What is missing of the last window repeats the last row."""
    matrix = np.arange(2 * n_rows, dtype=np.float32).reshape(n_rows, 2)
    filled = rows_to_windows(matrix, 4).reshape(-1, 2)
    np.testing.assert_array_equal(filled[:n_rows], matrix)
    assert (filled[n_rows:] == matrix[-1]).all()


def test_window_of_one_row_copies_nothing() -> None:
    """Plain rows pass through as they are."""
    matrix = np.zeros((3, 2), np.float32)
    assert np.shares_memory(rows_to_windows(matrix, 1), matrix)
    assert rows_to_windows(matrix[:0], 3).shape == (0, 6)
