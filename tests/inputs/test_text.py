"""What a network sees of a text."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from ae_pipeline.inputs.text import Text

TEXT = Text(("win", "call", "!"), (1.0, 2.0, 0.5))


def test_bag_is_its_formula() -> None:
    """Terms weigh 1 + ln of their count, times their weight, and a row has length 1."""
    [bag] = TEXT.expand(pa.array(["win call win unknown"]))
    expected = np.array([1 + np.log(2), 2.0, 0.0])
    np.testing.assert_array_equal(bag, (expected / np.sqrt((expected**2).sum())).astype("f4"))


def test_texts_without_known_terms() -> None:
    """Null, nothing, spaces and unknown words are all zeros."""
    bag = TEXT.expand(pa.array([None, "", "  ", "other words"]))
    assert bag.shape == (4, 3)
    assert not bag.any()
    assert TEXT.expand(pa.array([], pa.string())).shape == (0, 3)


@given(st.lists(st.none() | st.text("winca l!", max_size=12), max_size=20))
def test_rows_do_not_depend_on_others(texts: list[str | None]) -> None:
    """The bag of a row is the same bit by bit alone and among others, of length 1 or 0."""
    bag = TEXT.expand(pa.array(texts, pa.string()))
    alone = [TEXT.expand(pa.array([text], pa.string())) for text in texts]
    np.testing.assert_array_equal(bag, np.concatenate(alone) if alone else bag)
    lengths = np.linalg.norm(bag.astype(np.float64), axis=1)
    np.testing.assert_allclose(lengths, bag.any(axis=1), atol=1e-6)
