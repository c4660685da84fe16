"""Frequency codes: what they stand for, and weights that every machine agrees on."""

from __future__ import annotations

import numpy as np
import pytest
from constriction import stream
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from ae_pipeline.coding.symbols.frequencies import (
    FREQUENCIES,
    MOST_CODE,
    counts_to_codes,
    symbol_model,
    symbol_weights,
)
from tests.support.format_reader.symbols import weights_of

CODES = npst.arrays(np.uint8, st.integers(2, 300), elements=st.integers(0, MOST_CODE)).filter(
    lambda codes: codes.any()
)


@given(CODES)
def test_weights(codes: np.ndarray) -> None:
    """Weights with 1 more each add up to 2^24, and are those of the specification."""
    weights = symbol_weights(codes)
    assert int(weights.sum()) + len(codes) == 1 << 24
    assert weights.min() >= 0
    assert (weights + 1).tolist() == weights_of(codes.tolist())


@given(CODES)
def test_the_coder_has_these_weights(codes: np.ndarray) -> None:
    """The coder's own table is the weights: a state of r decodes to the symbol that r lies in."""
    weights = symbol_weights(codes) + 1
    ends = np.cumsum(weights)
    for symbol, (start, end) in enumerate(zip(ends - weights, ends, strict=True)):
        for state in {int(start), int(end) - 1} - {0}:
            coder = stream.stack.AnsCoder(np.array([state], np.uint32))
            assert coder.decode(symbol_model(codes)) == symbol


@given(
    npst.arrays(
        np.float64, st.tuples(st.integers(1, 5), st.integers(1, 5)), elements=st.floats(0, 1 << 60)
    )
)
def test_codes_of_counts(counts: np.ndarray) -> None:
    """Frequencies are in proportion to counts, within an eighth of a bit, where counts allow."""
    codes = counts_to_codes(counts)
    assert ((codes > 0) == (counts > 0)).all()
    scale = min(1, FREQUENCIES[-1] / FREQUENCIES[1] / max(counts.max(), 1))
    scaled = counts * scale
    is_exact = scaled >= 1
    off = np.log2(FREQUENCIES[codes[is_exact]] / 1024 / scaled[is_exact])
    assert (np.abs(off) < 0.126).all()


@pytest.mark.parametrize("codes", [[], [0, 0], [1, MOST_CODE + 1], [255]])
def test_what_is_no_table(codes: list[int]) -> None:
    """A table has a frequency, and no code beyond the largest."""
    with pytest.raises(ValueError, match=r"table|code"):
        symbol_weights(np.array(codes, np.uint8))
