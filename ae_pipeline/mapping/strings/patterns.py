"""The shape of a string: fixed bytes, and fields that are integers.

All work is by columns of characters: one step handles the same character of all rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from jaxtyping import Bool, Int64, UInt8

from ae_pipeline.mapping.strings.byte_rows import ByteRows
from ae_pipeline.mapping.strings.days import SECONDS_PER_DAY, day_of, parts_of_day
from ae_pipeline.mapping.subcolumn import Integers

_LOWER, _UPPER, _DIGITS = (
    b"abcdefghijklmnopqrstuvwxyz",
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    b"0123456789",
)
#: Characters that digits of each kind of field are written with, in order of their value.
ALPHABETS: dict[str, bytes] = {
    "digits": _DIGITS,
    "lower": _LOWER,
    "upper": _UPPER,
    "hex": _DIGITS + b"abcdef",
    "HEX": _DIGITS + b"ABCDEF",
    "lower36": _DIGITS + _LOWER,
    "upper36": _DIGITS + _UPPER,
    "base62": _DIGITS + _UPPER + _LOWER,
    "base64url": _UPPER + _LOWER + _DIGITS + b"-_",
}
_NO_DIGIT = 255
MOST_DIGITS = 18
#: Bytes of the longest string that has a shape.
MOST_SHAPE_BYTES = 1024
_TEN = 10 ** np.arange(MOST_DIGITS + 1, dtype=np.int64)
_DATE_BYTES, _CLOCK_BYTES = 10, 8

Positions: TypeAlias = Int64[np.ndarray, "rows"]
Rows: TypeAlias = Bool[np.ndarray, "rows"]
Content: TypeAlias = UInt8[np.ndarray, "bytes"]


@dataclass(frozen=True)
class Field:
    """A part of a string that is an integer.

    Args:
        kind: an alphabet; "date" of a day since 1970, `2013-05-01`; "clock" of a second of the day,
            `10:00:00`; "moment" of a second since 1970, a date and a clock with `T` or, of kind
            "moment ", a space between them.
        width: characters; 0 for decimal digits without zeros before them.
        slot: number of the sub-column.
    """

    kind: str
    width: int
    slot: int


#: Fixed bytes and fields, alternating as they like.
Shape: TypeAlias = tuple[bytes | Field, ...]


def widths(shape: Shape) -> tuple[int, int]:
    """Return the least and the most bytes of strings of a shape."""
    fixed = sum(len(part) if isinstance(part, bytes) else part.width for part in shape)
    n_open = sum(isinstance(part, Field) and not part.width for part in shape)
    return fixed + n_open, fixed + n_open * MOST_DIGITS


def match(
    shape: Shape, content: Content, begins: Positions, ends: Positions
) -> tuple[Rows, list[Integers]]:
    """Find strings of a shape.

    Args:
        shape: to look for.
        content: followed by as many bytes as a shape is long at most.
        begins: place of the first byte of each string.
        ends: place after the last.

    Returns:
        Which strings have the shape; and the integers of each field, anything elsewhere.
    """
    cursor, is_match, values = begins, np.ones(len(begins), bool), []
    for part in shape:
        if isinstance(part, bytes):
            for place, byte in enumerate(part):
                is_match &= content[cursor + place] == byte
            cursor = cursor + len(part)
        elif not part.width:
            value, n_digits = _match_number(content, cursor, ends, is_match)
            cursor = cursor + n_digits
            values.append(value)
        else:
            values.append(_match_fixed(part, content, cursor, is_match))
            cursor = cursor + part.width
    return is_match & (cursor == ends), values


def _match_number(
    content: Content, begins: Positions, ends: Positions, is_match: Rows
) -> tuple[Integers, Positions]:
    """Read a number to its end; clears `is_match` where there is none, or zeros before it."""
    value = np.zeros(len(begins), np.int64)
    n_digits = np.zeros(len(begins), np.int64)
    is_open = is_match.copy()
    for place in range(MOST_DIGITS):
        digit = content[begins + place] - np.uint8(ord("0"))
        is_open &= (digit < 10) & (begins + place < ends)
        if not is_open.any():
            break
        value = np.where(is_open, value * 10 + digit, value)
        n_digits += is_open
    is_match &= (n_digits == 1) | (value >= _TEN[np.maximum(n_digits, 1) - 1])
    is_match &= n_digits > 0
    return value, n_digits


def _match_fixed(field: Field, content: Content, begins: Positions, is_match: Rows) -> Integers:
    if field.kind in ALPHABETS:
        return _match_digits(field.kind, field.width, content, begins, is_match)
    if field.kind == "clock":
        return _match_clock(content, begins, is_match)
    days = _match_date(content, begins, is_match)
    if field.kind == "date":
        return days
    is_match &= content[begins + _DATE_BYTES] == _separator(field)
    seconds = _match_clock(content, begins + _DATE_BYTES + 1, is_match)
    return days * SECONDS_PER_DAY + seconds


def _match_digits(
    kind: str, width: int, content: Content, begins: Positions, is_match: Rows
) -> Integers:
    alphabet = ALPHABETS[kind]
    digit_of = np.full(256, _NO_DIGIT, np.uint8)
    digit_of[np.frombuffer(alphabet, np.uint8)] = np.arange(len(alphabet))
    value = np.zeros(len(begins), np.int64)
    for place in range(width):
        digit = digit_of[content[begins + place]]
        is_match &= digit != _NO_DIGIT
        value = value * len(alphabet) + digit
    return value


def _match_date(content: Content, begins: Positions, is_match: Rows) -> Integers:
    year, month, day = (
        _match_digits("digits", width, content, begins + place, is_match)
        for place, width in ((0, 4), (5, 2), (8, 2))
    )
    for place in (4, 7):
        is_match &= content[begins + place] == ord("-")
    is_match &= (month >= 1) & (month <= 12)
    days = day_of(np.minimum(year, 9999), np.clip(month, 1, 12), day)
    # The 31st of a short month would be read as a day of the next one.
    is_match &= parts_of_day(days)[2] == day
    return days


def _match_clock(content: Content, begins: Positions, is_match: Rows) -> Integers:
    hour, minute, second = (
        _match_digits("digits", 2, content, begins + place, is_match) for place in (0, 3, 6)
    )
    for place in (2, 5):
        is_match &= content[begins + place] == ord(":")
    is_match &= (hour < 24) & (minute < 60) & (second < 60)
    return (hour * 60 + minute) * 60 + second


def _separator(field: Field) -> int:
    return ord(" ") if field.kind.endswith(" ") else ord("T")


def lengths_of(shape: Shape, values: Sequence[Integers], n_rows: int) -> Int64[np.ndarray, "rows"]:
    """Return the bytes of each string of a shape.

    Raises:
        ValueError: a field does not have such an integer.
    """
    lengths = np.full(n_rows, widths(shape)[0], np.int64)
    for field, value in zip(fields(shape), values, strict=True):
        low, high = bounds(field)
        if n_rows and not low <= value.min() <= value.max() <= high:
            raise ValueError(f"a {field.kind} of {field.width} characters is out of range")
        if not field.width:
            lengths += np.searchsorted(_TEN[1:], value, side="right")
    return lengths


def bounds(field: Field) -> tuple[int, int]:
    """Return the least and the most integer of a field."""
    least = int(day_of(*np.array([[0], [1], [1]]))[0])
    most = int(day_of(*np.array([[9999], [12], [31]]))[0])
    if field.kind == "date":
        return least, most
    if field.kind == "clock":
        return 0, SECONDS_PER_DAY - 1
    if field.kind not in ALPHABETS:
        return least * SECONDS_PER_DAY, (most + 1) * SECONDS_PER_DAY - 1
    return 0, len(ALPHABETS[field.kind]) ** (field.width or MOST_DIGITS) - 1


def fields(shape: Shape) -> Iterator[Field]:
    """Yield the fields of a shape in order."""
    return (part for part in shape if isinstance(part, Field))


def render(shape: Shape, values: Sequence[Integers], content: Content, begins: Positions) -> None:
    """Write strings of a shape into `content`, whose lengths `lengths_of` has returned."""
    cursor, left = begins, iter(values)
    for part in shape:
        if isinstance(part, bytes):
            for place, byte in enumerate(part):
                content[cursor + place] = byte
            cursor = cursor + len(part)
        else:
            cursor = cursor + _render_field(part, next(left), content, cursor)


def _render_field(
    field: Field, value: Integers, content: Content, begins: Positions
) -> int | Positions:
    if not field.width:
        return _render_number(value, content, begins)
    if field.kind in ALPHABETS:
        _render_digits(field.kind, field.width, value, content, begins)
    elif field.kind == "date":
        _render_date(value, content, begins)
    elif field.kind == "clock":
        _render_clock(value, content, begins)
    else:
        _render_date(value // SECONDS_PER_DAY, content, begins)
        content[begins + _DATE_BYTES] = _separator(field)
        _render_clock(value % SECONDS_PER_DAY, content, begins + _DATE_BYTES + 1)
    return field.width


def _render_number(value: Integers, content: Content, begins: Positions) -> Positions:
    n_digits = np.searchsorted(_TEN[1:], value, side="right") + 1
    last, left = begins + n_digits - 1, value
    for place in range(int(n_digits.max(initial=1))):
        has_digit = slice(None) if place == 0 else n_digits > place
        content[last[has_digit] - place] = left[has_digit] % 10 + ord("0")
        left = left // 10
    return n_digits


def _render_digits(
    kind: str, width: int, value: Integers, content: Content, begins: Positions
) -> None:
    alphabet = np.frombuffer(ALPHABETS[kind], np.uint8)
    left = value
    for place in reversed(range(width)):
        above = left // len(alphabet)
        content[begins + place] = alphabet[left - above * len(alphabet)]
        left = above


def _render_date(days: Integers, content: Content, begins: Positions) -> None:
    for place, width, value in zip((0, 5, 8), (4, 2, 2), parts_of_day(days), strict=True):
        _render_digits("digits", width, value, content, begins + place)
    for place in (4, 7):
        content[begins + place] = ord("-")


def _render_clock(seconds: Integers, content: Content, begins: Positions) -> None:
    for place, value in ((0, seconds // 3600), (3, seconds // 60 % 60), (6, seconds % 60)):
        _render_digits("digits", 2, value, content, begins + place)
    for place in (2, 5):
        content[begins + place] = ord(":")


def padded(rows: ByteRows) -> Content:
    """Return the content with room for a shape behind it."""
    return np.concatenate([rows.content, np.zeros(2 * MOST_SHAPE_BYTES, np.uint8)])
