"""Cosine similarity: right at any magnitude, and safe however products are added."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from ae_pipeline.coding import cosine_similarity, keeps_cosine

ROWS = hnp.arrays(np.float64, (3, 5), elements=st.floats(-9, 9))


def exact_square(left: list[float], right: list[float]) -> Fraction:
    """The square of the cosine, without any rounding."""
    pairs = list(zip(map(Fraction, left), map(Fraction, right), strict=True))
    dot = sum(a * b for a, b in pairs)
    return dot * dot / (sum(a * a for a, _ in pairs) * sum(b * b for _, b in pairs))


@given(ROWS, hnp.arrays(np.float64, (3, 5), elements=st.floats(-0.5, 0.5)))
def test_what_is_kept_is_kept_exactly(source: np.ndarray, noise: np.ndarray) -> None:
    """A row that passes has at least this cosine as a real number."""
    decoded = source + noise
    least = 0.99
    for row in np.flatnonzero(keeps_cosine(source, decoded, least)):
        if (source[row] == decoded[row]).all():
            continue
        assert exact_square(source[row].tolist(), decoded[row].tolist()) >= Fraction(least) ** 2


@pytest.mark.parametrize("scale", [1e-320, 1e-200, 1.0, 1e200, 1e300])
def test_magnitude_does_not_matter(scale: float) -> None:
    """Squares of the largest and the least numbers neither overflow nor vanish."""
    source, decoded = np.array([[3.0, 4.0]]) * scale, np.array([[4.0, 3.0]]) * scale
    assert cosine_similarity(source, decoded)[0] == pytest.approx(24 / 25, rel=1e-3)


def test_equal_bits_are_alike_whatever_they_say() -> None:
    """NaN, infinities and zeros that come back are as good as they were; others have no cosine."""
    odd = np.array([[np.nan, 1.0], [np.inf, 0.0], [0.0, 0.0], [1.0, -0.0]])
    assert (cosine_similarity(odd, odd) == 1.0).all()
    assert not keeps_cosine(odd[:3], np.ones((3, 2)), 0.5).any()
