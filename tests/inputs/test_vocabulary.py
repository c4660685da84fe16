"""Which columns are text, and which terms a network sees of them."""

from __future__ import annotations

import hashlib

import numpy as np
import pyarrow as pa
import pytest

from ae_pipeline.inputs import vocabulary
from ae_pipeline.inputs.text import Text
from ae_pipeline.inputs.vocabulary import TermCounts

WORDS = ("price", "offer", "meeting", "tomorrow", "free", "call", "home", "late")


def counted(*parts: list[str | None]) -> TermCounts:
    """Counts of some columns after each other."""
    counts = TermCounts()
    for part in parts:
        counts.add(pa.array(part, pa.string()))
    return counts


def messages(n: int) -> list[str | None]:
    """Texts of four words each, and a number of their own."""
    numbers = np.random.default_rng(0).integers(len(WORDS), size=(n, 4))
    return [f"{' '.join(WORDS[i] for i in row)} {place}" for place, row in enumerate(numbers)]


def hashed(n: int) -> list[str | None]:
    """Identifiers of 32 hex digits."""
    return [hashlib.md5(str(i).encode(), usedforsecurity=False).hexdigest() for i in range(n)]


def test_text_has_its_words() -> None:
    """Words that repeat are seen, most frequent first, and rarer ones weigh more."""
    text = counted(messages(500), ["zebra"] * 12).text()
    assert text is not None
    assert {*WORDS} <= {*text.terms}
    assert "499" not in text.terms
    assert text.weights == tuple(sorted(text.weights))
    assert text.weights[text.terms.index("zebra")] == text.weights[-1]


@pytest.mark.parametrize(
    "values",
    [
        hashed(5000),
        [f"ORD-2024-{i:06d}" for i in range(5000)],
        [f"https://www.example.com/item/{i}" for i in range(5000)],
        [f"N{i}AA" for i in range(5000)],
        [],
        [None] * 50,
        [""] * 50,
        ["only one text with many words in it"],
    ],
    ids=["hash", "order", "address", "tail", "none", "null", "empty", "single"],
)
def test_identifiers_are_no_text(values: list[str | None]) -> None:
    """Values whose words do not repeat, or are in all of them, are kept and not learned."""
    assert counted(values).text() is None


def test_parts_count_together() -> None:
    """Terms are counted over all batches; nulls are no texts."""
    rows = messages(300)
    assert counted(rows[:100], [None] * 7, rows[100:]).text() == counted(rows).text()


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Frequent terms stay when rare ones are forgotten."""
    monkeypatch.setattr(vocabulary, "_MOST_COUNTED", 50)
    rows = messages(400)
    text = counted(*(rows[start : start + 40] for start in range(0, 400, 40))).text()
    assert isinstance(text, Text)
    assert {*WORDS} <= {*text.terms}
