"""Quartiles of counted values and fences around them."""

from __future__ import annotations

import numpy as np

from ae_pipeline.columns.quartiles import fences, quartiles


def test_counts_weigh_quartiles() -> None:
    """A value counts as often as it was seen."""
    values = np.array([0.0, 1.0, 2.0, 3.0])
    assert quartiles(values, np.array([1, 1, 1, 1])) == (0.0, 2.0)
    assert quartiles(values, np.array([9, 1, 1, 1])) == (0.0, 0.0)
    assert quartiles(values[:1], np.array([5])) == (0.0, 0.0)


def test_fences_lie_beyond_the_quartiles() -> None:
    """Fences are so many quartile ranges away, and infinite where float64 ends."""
    assert fences(1.0, 3.0, 3.0) == (-5.0, 9.0)
    assert fences(-1e308, 1e308, 12.0) == (-np.inf, np.inf)
