"""The words of a codec as bytes."""

from __future__ import annotations

from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ae_pipeline.coding.entropy import pack_integers
from ae_pipeline.coding.varint import prefixed, varint
from ae_pipeline.mapping.strings.texts import pack_bytes
from ae_pipeline.mapping.strings.word_table import pack_words, unpack_words


@given(st.sets(st.binary(max_size=12)))
def test_words_come_back(words: set[bytes]) -> None:
    """Any set of words comes back, ascending."""
    assert unpack_words(pack_words(sorted(words))).to_pylist() == sorted(words)


def test_shared_bytes_are_stored_once() -> None:
    """Words with common beginnings take little."""
    words = [b"N%05d" % number for number in range(1000)]
    assert len(pack_words(words)) < 600


@given(st.binary(max_size=40))
def test_forged_tables(content: bytes) -> None:
    """Any bytes are read or refused with a ValueError."""
    with suppress(ValueError):
        unpack_words(content)


@pytest.mark.parametrize(
    ("shared", "lengths", "rest"),
    [([0, 5], [1, 6], b"ab"), ([0, 0], [1, 1], b"ba"), ([0, -1], [1, 1], b"abc")],
    ids=["too much shared", "descending", "negative"],
)
def test_words_that_do_not_fit(shared: list[int], lengths: list[int], rest: bytes) -> None:
    """Words that share more than there is, or do not ascend, are refused."""
    streams = [pack_integers(np.array(one)) for one in (shared, lengths)]
    with pytest.raises(ValueError, match="word"):
        unpack_words(varint(2) + prefixed(streams) + pack_bytes(rest))
