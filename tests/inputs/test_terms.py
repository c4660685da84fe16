"""Texts to terms: what counts as one, whatever the bytes."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ae_pipeline.inputs.terms import find_terms, is_telling

TEXTS = st.lists(st.none() | st.text(max_size=40), max_size=12)


def terms_of(texts: list[str | None]) -> list[list[str]]:
    """Terms of each text, sorted."""
    rows, terms = find_terms(pa.array(texts, pa.string()))
    found: list[list[str]] = [[] for _ in texts]
    for row, term in zip(rows.tolist(), terms.to_pylist(), strict=True):
        found[row].append(term)
    return [sorted(one) for one in found]


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("Win, WIN!", ["!", ",", "win", "win"]),
        ("call 07700900", ["07700900", "077*", "call"]),
        ("winner2024", ["2024", "win*", "winner"]),
        ("it's\tok\n", ["'", "it", "ok", "s"]),
        ("cafe\u0301 na\u00efve", ["caf*", "cafe\u0301", "na\u00ef*", "na\u00efve"]),
        ("很好abc", ["abc", "好", "很"]),
        ("a\u00a0b", ["a", "b"]),
        ("", []),
        (" \t\n", []),
        (None, []),
    ],
)
def test_terms_of_a_text(text: str | None, terms: list[str]) -> None:
    """Words, numbers, marks and ideograms are terms, and so is how long ones begin."""
    assert terms_of([text]) == [sorted(terms)]


@given(TEXTS)
def test_terms_do_not_depend_on_neighbours(texts: list[str | None]) -> None:
    """A text has the same terms alone and among others, in every layout of strings."""
    found = terms_of(texts)
    assert found == [terms_of([text])[0] for text in texts]
    for column in (pa.array(texts, pa.large_string()), pa.array(texts).cast(pa.string())):
        for layout in (column, column.dictionary_encode()):
            rows, terms = find_terms(layout)
            pairs = sorted(zip(rows.tolist(), terms.to_pylist(), strict=True))
            assert pairs == [(row, term) for row, one in enumerate(found) for term in one]


@given(TEXTS)
def test_no_letter_or_digit_gets_lost(texts: list[str | None]) -> None:
    """Terms that are no beginnings are the text in lower case, but for its spaces."""
    rows, terms = find_terms(pa.array(texts, pa.string()))
    lower = pa.compute.utf8_lower(pa.array(texts, pa.string())).to_pylist()
    for row, text in enumerate(lower):
        own = [t for r, t in zip(rows.tolist(), terms.to_pylist(), strict=True) if r == row]
        kept = "".join("".join(own).replace("*", "").split())
        assert {*"".join((text or "").split()).replace("*", "")} == {*kept}


def test_bytes_that_are_no_text() -> None:
    """A column of strings that holds other bytes has terms all the same."""
    raw = pa.array([b"ab\xff cd", b"ok", None], pa.binary())
    column = pa.Array.from_buffers(pa.string(), 3, raw.buffers())
    rows, terms = find_terms(column)
    assert rows.tolist() == [0, 0, 0, 1]
    assert terms.to_pylist() == ["ab", "\ufffd", "cd", "ok"]


def test_long_text_is_cut() -> None:
    """A text of a megabyte counts by how it begins."""
    rows, terms = find_terms(pa.array(["a " * 500_000, "end"]))
    assert (rows == 0).sum() == 1 << 15
    assert set(terms.to_pylist()) == {"a", "end"}


def test_slices_count_from_their_own_start() -> None:
    """Rows of a slice are numbered from its first row."""
    rows, terms = find_terms(pa.array(["one", "two", "six"]).slice(1))
    assert rows.tolist() == [0, 1]
    assert terms.to_pylist() == ["two", "six"]


def test_telling_terms() -> None:
    """Words of three letters and ideograms tell text from codes; numbers and marks do not."""
    terms = pa.array(["and", "cafe\u0301", "好", "ab", "2024", "win*", "!", "ab2"])
    assert is_telling(terms).to_pylist() == [True, True, True, False, False, False, False, False]
