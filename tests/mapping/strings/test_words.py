"""Strings by distinct values."""

from __future__ import annotations

from contextlib import suppress

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ae_pipeline.mapping.strings.byte_rows import BINARY
from ae_pipeline.mapping.strings.words import Words, fit_words, words_of_json
from ae_pipeline.mapping.subcolumn import Sequence
from tests.support.mapped import check_round_trip

STRINGS = st.lists(st.binary(max_size=6) | st.none(), max_size=30)


def fit(values: list[bytes | None], share: float = 1.0) -> Words:
    """Words that a column of these values is fitted with."""
    array = pa.array(values, BINARY)
    return fit_words("a", array.drop_null(), share, array.null_count > 0)


@settings(max_examples=60, deadline=None)
@given(STRINGS, STRINGS)
def test_words_come_back(sample: list[bytes | None], values: list[bytes | None]) -> None:
    """Strings come back, nulls and words that the codec lacks included."""
    check_round_trip(fit(sample), pa.array(sample, BINARY))
    check_round_trip(fit(sample), pa.array(values, BINARY))


def test_numbers_of_words() -> None:
    """Words count in their order, new ones follow in that of their appearance."""
    mapping = fit([b"b", b"a", b"b", b"a"])
    split = mapping.split(pa.array([b"z", b"b", b"c", b"z", b"a"], BINARY))
    assert split.sequences["a"].integers.tolist() == [2, 1, 3, 2, 0]


def test_words_that_pay() -> None:
    """A word is in the codec if the archive is expected to hold it twice."""
    assert fit([b"once", b"twice", b"twice"]).words.to_pylist() == [b"twice"]
    often = [b"once", b"twice", b"twice"] * 1
    assert fit(often, share=100.0).words.to_pylist() == [b"once", b"twice"]
    distinct = [bytes([one]) for one in range(100)]
    assert fit(distinct, share=100.0).words.to_pylist() == []


@pytest.mark.parametrize("rank", [-1, 2, 1 << 40])
def test_rank_of_no_word(rank: int) -> None:
    """A rank beyond all words is an error."""
    ranks = {"a": Sequence(np.array([0, rank]), None)}
    with pytest.raises(ValueError, match="rank of no word"):
        fit([b"a", b"b", b"a", b"b"]).join(ranks, b"", False, 2)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=30))
def test_forged_side(side: bytes) -> None:
    """Any side is read or refused with a ValueError."""
    ranks = {"a": Sequence(np.array([0, 1, 2]), None)}
    mapping = fit([b"a", b"b", b"a", b"b"])
    with suppress(ValueError):
        assert len(mapping.join(ranks, side, False, 3)) == 3


def test_forged_table() -> None:
    """A damaged table is found when the codec is read."""
    with pytest.raises(ValueError, match="content ends"):
        words_of_json({"has_nulls": False}, "a", BINARY, [b"\x05\x09\x00"])


def test_many_copies_of_a_long_word() -> None:
    """Ranks that stand for more bytes than a column may have are refused before they are copied."""
    long = b"x" * 4096
    mapping = fit([long, long])
    ranks = {"a": Sequence(np.zeros(1 << 20, np.int64), None)}
    with pytest.raises(ValueError, match="strings of more than"):
        mapping.join(ranks, b"", False, 1 << 20)
