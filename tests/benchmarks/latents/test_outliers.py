"""The table with outliers has them as far out as it says."""

from __future__ import annotations

import numpy as np

from benchmarks.latents.outliers import dependent_numbers, with_outliers

_ROWS = 2000


def test_outliers_are_single_values() -> None:
    """Three columns have one value each that is 20,000 deviations of the others out."""
    usual, found = dependent_numbers(_ROWS), with_outliers(_ROWS)
    changed = [
        np.flatnonzero(usual[name].to_numpy() != found[name].to_numpy())
        for name in usual.column_names
    ]
    assert sorted(map(len, changed)) == [0] * 29 + [1] * 3
    first = found["x0"].to_numpy()[changed[0]] / usual["x0"].to_numpy().std()
    assert np.allclose(first, 20_000.0)
