"""Numbers as a person reads them."""

from __future__ import annotations

import math

import pytest

from ae_pipeline.pages.cells import UNKNOWN, count, number, percent, percent_words, size, words


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0.0, "0 %"),
        (0.00123, "0.123 %"),
        (0.5, "50.0 %"),
        (0.98765, "98.8 %"),
        (0.99999, "99.99 %"),
        (1.0, "100 %"),
        (1.25, "125 %"),
        (12.5, "1,250 %"),
    ],
)
def test_shares(share: float, text: str) -> None:
    """What is not all does not read as 100 %."""
    assert percent_words(share) == text


def test_what_is_not_known() -> None:
    """None and NaN are a dash, which sorts by nothing."""
    for cell in (count(None), size(None), number(None), percent(None), number(math.nan)):
        assert cell == UNKNOWN


def test_numbers_sort_by_value() -> None:
    """Cells keep the exact number beside its rounded text."""
    assert (size(1_509_865).text, size(1_509_865).value) == ("1.51 MB", 1_509_865)
    assert [number(value).text for value in (0.123456, 12345.6, 1e9)] == [
        "0.123",
        "12,346",
        "1e+09",
    ]
    assert number(12.5, "x").text == "12.5x"


def test_texts_are_visible() -> None:
    """Characters that cannot be seen are shown, and text is not aligned as numbers are."""
    cell = words("a\u202eb")
    assert (cell.text, cell.is_number) == ("a\\u202eb", False)
