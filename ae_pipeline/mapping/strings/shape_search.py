"""Find the shapes of most strings of a sample.

First by their numbers: strings that are equal but for numbers, dates and times. Then, among strings
of one length, by place: which characters each place holds.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from itertools import groupby
from typing import TypeVar, cast

import numpy as np

from ae_pipeline.mapping.strings.patterns import (
    ALPHABETS,
    MOST_DIGITS,
    MOST_SHAPE_BYTES,
    Field,
    Shape,
    widths,
)

#: Shapes by numbers and by place.
_MOST_BY_NUMBERS, _MOST_BY_PLACE = 24, 8
#: Least part of the strings that have a shape, and least number.
_LEAST_PART, _LEAST_STRINGS = 0.01, 16.0
#: By place, fewer strings would pass for something that they are not.
_LEAST_BY_PLACE = 48.0
_MOST_PLACES = 128
_MOST_FIELDS = 24
#: Fields are numbers of at most so many values; longer ones are cut.
_MOST_BITS = 48

_TOKEN = re.compile(
    rb"(?<!\d)(?:(?P<moment>\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d)"
    rb"|(?P<date>\d{4}-\d\d-\d\d)|(?P<clock>\d\d:\d\d:\d\d))(?!\d)|(?P<digits>\d+)"
)
_Key = tuple[bytes | str, ...]
_K = TypeVar("_K")


def find_shapes(strings: list[bytes]) -> tuple[Shape, ...]:
    """Return the shapes that most of the strings have, the most frequent first.

    Args:
        strings: of a sample, row by row.
    """
    least = max(_LEAST_STRINGS, _LEAST_PART * len(strings))
    by_numbers, left = _by_key(strings, _split_numbers, least, _MOST_BY_NUMBERS)
    shapes = [shape for key, group in by_numbers for shape in _numbers(key, group, least)]
    by_place, _ = _by_key(left, len, max(least, _LEAST_BY_PLACE), _MOST_BY_PLACE)
    for n_bytes, group in by_place:
        shape = _places(group) if 0 < n_bytes <= _MOST_PLACES else None
        shapes += [shape] if shape else []
    return _with_slots([shape for shape in shapes if _is_small(shape)])


def _is_small(shape: Shape) -> bool:
    return (
        widths(shape)[1] <= MOST_SHAPE_BYTES
        and sum(isinstance(part, Field) for part in shape) <= _MOST_FIELDS
    )


def _by_key(
    strings: list[bytes], key_of: Callable[[bytes], _K], least: float, most_groups: int
) -> tuple[list[tuple[_K, list[bytes]]], list[bytes]]:
    """Group strings; return the large groups, the largest first, and the strings of others."""
    keys = [key_of(one) for one in strings]
    chosen = {key: list[bytes]() for key, n in Counter(keys).most_common(most_groups) if n >= least}
    left: list[bytes] = []
    for key, one in zip(keys, strings, strict=True):
        chosen.get(key, left).append(one)
    return list(chosen.items()), left


def _split_numbers(string: bytes) -> _Key:
    """Return the fixed bytes of a string, and kinds of tokens between them."""
    parts: list[bytes | str] = []
    end = 0
    for token in _TOKEN.finditer(string[:MOST_SHAPE_BYTES]):
        parts += [string[end : token.start()], _kind(token)]
        end = token.end()
    return (*parts, string[end:])


def _kind(token: re.Match[bytes]) -> str:
    kind = token.lastgroup or ""
    return "moment " if kind == "moment" and b" " in token.group() else kind


def _numbers(key: _Key, group: list[bytes], least: float) -> Iterator[Shape]:
    """Yield the shapes of strings with one key: they differ in how wide numbers are."""
    texts, kinds = cast(tuple[bytes, ...], key[::2]), cast(tuple[str, ...], key[1::2])
    if not kinds:
        yield (texts[0],) if texts[0] else ()
        return
    tokens = [[token.group() for token in _TOKEN.finditer(one)] for one in group]
    fixed = [_is_fixed({*column}) for column in zip(*tokens, strict=True)]
    forms = Counter(
        tuple(
            len(token) if kind != "digits" or is_fixed or _has_zeros(token) else 0
            for token, kind, is_fixed in zip(row, kinds, fixed, strict=True)
        )
        for row in tokens
    )
    for form, n_strings in forms.most_common(_MOST_BY_NUMBERS):
        if n_strings >= least:
            yield _assemble(texts, kinds, form)


def _is_fixed(tokens: set[bytes]) -> bool:
    """Whether all numbers at a place are equally wide and some begin with zeros."""
    return len({len(token) for token in tokens}) == 1 and any(map(_has_zeros, tokens))


def _has_zeros(token: bytes) -> bool:
    return len(token) > MOST_DIGITS or (len(token) > 1 and token[:1] == b"0")


def _assemble(texts: tuple[bytes, ...], kinds: tuple[str, ...], form: Iterable[int]) -> Shape:
    parts: list[bytes | Field] = []
    for text, kind, width in zip(texts, kinds, form, strict=False):
        parts.append(text)
        parts += _cut(kind, width) if width and kind == "digits" else [Field(kind, width, 0)]
    return tuple(part for part in (*parts, texts[-1]) if part != b"")


def _cut(kind: str, width: int) -> list[Field]:
    """Cut a long field into numbers."""
    most = int(_MOST_BITS / np.log2(len(ALPHABETS[kind])))
    return [Field(kind, min(most, width - start), 0) for start in range(0, width, most)]


def _places(group: list[bytes]) -> Shape | None:
    """Return the shape of strings of one length, None if some place holds anything."""
    table = np.frombuffer(b"".join(group), np.uint8).reshape(len(group), -1)
    sets = [frozenset(np.unique(column).tobytes()) for column in table.T]
    parts: list[bytes | Field] = []
    for is_fixed, places in groupby(sets, key=_is_text):
        run = list(places)
        if is_fixed:
            parts.append(b"".join(map(bytes, run)))
            continue
        kinds = _kinds(run)
        if kinds is None:
            return None
        parts += [field for kind, same in groupby(kinds) for field in _cut(kind, len(list(same)))]
    return tuple(parts)


def _is_text(characters: frozenset[int]) -> bool:
    """Whether a place holds one character; a digit may become another one day."""
    return len(characters) == 1 and not characters <= set(ALPHABETS["digits"])


def _kinds(run: list[frozenset[int]]) -> list[str] | None:
    """Return the alphabet of each place of a run: a mixed one, such as hex, is that of all."""
    alphabets = [_alphabet(characters) for characters in run]
    together = _alphabet(frozenset().union(*run))
    if together is None:
        return None
    has_mixed = any(kind not in {"digits", "lower", "upper"} for kind in alphabets)
    return [together if has_mixed else str(kind) for kind in alphabets]


def _alphabet(characters: frozenset[int]) -> str | None:
    by_size = sorted(ALPHABETS, key=lambda kind: len(ALPHABETS[kind]))
    pure = [kind for kind in ("digits", "lower", "upper") if characters <= set(ALPHABETS[kind])]
    return next(iter(pure), next((k for k in by_size if characters <= set(ALPHABETS[k])), None))


def _with_slots(shapes: list[Shape]) -> tuple[Shape, ...]:
    """Number sub-columns: the first numbers of all shapes share one, and so on."""
    slots: dict[tuple[str, int], int] = {}
    done = []
    for shape in dict.fromkeys(shapes):
        seen: dict[str, int] = defaultdict(int)
        parts: list[bytes | Field] = []
        for part in shape:
            if isinstance(part, Field):
                place = (part.kind, seen[part.kind])
                seen[part.kind] += 1
                parts.append(Field(part.kind, part.width, slots.setdefault(place, len(slots))))
            else:
                parts.append(part)
        done.append(tuple(parts))
    return tuple(done)
