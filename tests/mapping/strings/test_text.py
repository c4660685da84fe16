"""Free text."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ae_pipeline.mapping.strings.byte_rows import BINARY
from ae_pipeline.mapping.strings.text import Text, fit_text, text_of_json
from tests.support.mapped import check_round_trip, fit_and_check


@settings(max_examples=40, deadline=None)
@given(st.lists(st.text() | st.none(), max_size=20))
def test_text_comes_back(values: list[str | None]) -> None:
    """Texts come back, nulls that the codec has never seen included."""
    array = pa.array(values).cast(BINARY) if values else pa.array([], BINARY)
    for has_nulls in (False, True):
        if has_nulls or not array.null_count:
            check_round_trip(Text("a", BINARY, has_nulls, b""), array)
    check_round_trip(Text("a", BINARY, False, b""), array)


def sentences(n_rows: int) -> pa.Array:
    """Sentences of words that no other text has."""
    rng = np.random.default_rng(0)
    words = np.array([f"word{number}" for number in rng.integers(0, 1 << 30, 3000)])
    return pa.array([" ".join(rng.choice(words, 12)) for _ in range(n_rows)]).cast(BINARY)


def test_dictionary_where_it_pays() -> None:
    """A dictionary is trained for a large archive, and left out for a small one."""
    rng = np.random.default_rng(0)
    templates = [rng.bytes(300).hex() for _ in range(40)]
    lines = [f"{templates[n % 40]} {n}" for n in rng.integers(0, 1 << 30, 4000)]
    present = pa.array(lines).cast(BINARY)
    mapping = fit_text("a", present, 10_000.0, has_nulls=False)
    assert mapping.packed
    check_round_trip(mapping, present[:50])
    few = Text("a", BINARY, False, b"").split(present[:50])
    assert len(mapping.split(present[:50]).side) < len(few.side)
    assert not fit_text("a", present[:100], 1.0, has_nulls=False).packed


def test_sentences_are_text() -> None:
    """Sentences that hardly repeat become no integers, and are smaller than by other ways."""
    array = sentences(2000).cast(pa.string())
    mapping = fit_and_check(array)
    assert mapping.subcolumns == ()


def test_daily_copies_are_no_text() -> None:
    """Words that files repeat row by row are words: each file is coded without the others."""
    cities = np.array([f"city {number:03d}" for number in range(300)])
    day = cities[np.random.default_rng(7).integers(0, 300, 9000)].tolist()
    assert fit_and_check(pa.array(10 * day)).subcolumns


def test_forged_dictionary() -> None:
    """A damaged dictionary is found when the codec is read."""
    with pytest.raises(ValueError, match="claim"):
        text_of_json({"has_nulls": False}, "a", BINARY, [b"\xff\xff\xff\xff\x0fabc"])
