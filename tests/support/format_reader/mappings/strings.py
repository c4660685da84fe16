"""Words, shapes and texts (section 7.4)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any  # JSON trees

import numpy as np

from tests.support.format_reader.mappings.parts import read_bytes
from tests.support.format_reader.streams import Bytes, read_integers

_LOWER = "abcdefghijklmnopqrstuvwxyz"
_UPPER, _DIGITS = _LOWER.upper(), "0123456789"
_ALPHABETS = {
    "digits": _DIGITS,
    "lower": _LOWER,
    "upper": _UPPER,
    "hex": _DIGITS + "abcdef",
    "HEX": _DIGITS + "ABCDEF",
    "lower36": _DIGITS + _LOWER,
    "upper36": _DIGITS + _UPPER,
    "base62": _DIGITS + _UPPER + _LOWER,
    "base64url": _UPPER + _LOWER + _DIGITS + "-_",
}
_DAY = 86_400


def read_words(content: bytes) -> list[bytes]:
    """The words of a table."""
    taken = Bytes(content)
    n = taken.varint()
    shared, lengths = (read_integers(taken.take(taken.varint()), n).tolist() for _ in range(2))
    rest = Bytes(read_bytes(content[taken.position :]))
    words, word = [], b""
    for n_shared, length in zip(shared, lengths, strict=True):
        word = word[:n_shared] + rest.take(length - n_shared)
        words.append(word)
    return words


def slots_of(tree: dict[str, Any]) -> dict[int, tuple[str, list[int]]]:
    """Kind of each slot, and the shapes that have it, in the order of slots."""
    found: dict[int, tuple[str, list[int]]] = {}
    for number, shape in enumerate(tree["shapes"]):
        for part in shape:
            if isinstance(part, list):
                found.setdefault(part[2], (part[0], []))[1].append(number)
    return dict(sorted(found.items()))


def shaped(
    tree: dict[str, Any], numbers: list[int], fields: dict[int, list[int]], texts: list[bytes]
) -> Iterator[bytes]:
    """Values of a `shapes` mapping."""
    left = iter(texts)
    for row, number in enumerate(numbers):
        if number == len(tree["shapes"]):
            yield next(left)
            continue
        parts = tree["shapes"][number]
        yield "".join(
            part if isinstance(part, str) else _field(part[0], part[1], fields[part[2]][row])
            for part in parts
        ).encode("latin-1")


def _field(kind: str, width: int, integer: int) -> str:
    if kind == "date":
        return str(np.datetime64(integer, "D"))
    if kind == "clock":
        return f"{integer // 3600:02}:{integer // 60 % 60:02}:{integer % 60:02}"
    if kind.startswith("moment"):
        middle = " " if kind.endswith(" ") else "T"
        return _field("date", 10, integer // _DAY) + middle + _field("clock", 8, integer % _DAY)
    if not width:
        return str(integer)
    text, alphabet = "", _ALPHABETS[kind]
    for _ in range(width):
        integer, digit = divmod(integer, len(alphabet))
        text = alphabet[digit] + text
    return text
