"""Values of a predicate, one per fragment, and how they are compared: with SQL's three truths.

A comparison with null is neither true nor false but None, and so is what is made of it.

What is compared with what: numbers with numbers, by their value however they are written; texts
with texts, by code point. A text beside a number key is read as a number. A number beside a text
key is the text that it is written as, for equality; which of two is larger depends on whether both
are texts or numbers, so that is refused. Folders with leading zeros, `month=05`, are numbers beside
numbers and texts beside texts. Days and times, `DATE '2024-01-01'`, go with folders that are such.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Literal, TypeAlias  # Any: values of one kind, compared among themselves

from ae_pipeline.dataset import Key
from ae_pipeline.selection.spans import read_span

#: True, false, or neither.
Truths: TypeAlias = list[bool | None]
Compare: TypeAlias = Callable[[Any, Any], bool]
Kind: TypeAlias = Literal["text", "number", "padded", "boolean", "moment", "null"]
_NAMES: dict[Kind, str] = {
    "text": "text",
    "number": "a number",
    "padded": "a number",
    "boolean": "true or false",
    "moment": "a date",
    "null": "null",
}
_EQUALITIES: tuple[Compare, ...] = (operator.eq, operator.ne)


class MismatchError(Exception):
    """Two values that cannot be compared; the message says why."""


@dataclass(frozen=True)
class Operand:
    """A key's values, or a constant.

    Args:
        name: as the predicate has it.
        kind: of all values.
        values: one per fragment; None for null.
        texts: the same as they are written.
        is_constant: whether it is a literal, the same for all fragments.
    """

    name: str
    kind: Kind
    values: Sequence[Any]
    texts: Sequence[str | None]
    is_constant: bool = False

    @classmethod
    def of_key(cls, key: Key) -> Operand:
        """The values of a partition key.

        Raises:
            MismatchError: a path gives it two of them.
        """
        if key.twice:
            raise MismatchError(f"{key.name} has two values in {key.twice}")
        return cls(key.name, key.kind, key.values, key.texts)

    @classmethod
    def constant(cls, kind: Kind, value: Any, text: str, n_fragments: int) -> Operand:
        """A literal."""
        name = f"'{text}'" if kind in ("text", "moment") else text
        return cls(name, kind, [value] * n_fragments, [text] * n_fragments, is_constant=True)


def number(text: str) -> Decimal:
    """The exact number that a literal stands for.

    Raises:
        MismatchError: it stands for none.
    """
    try:
        value = Decimal("".join(text.split()) if text.strip() else "-")
    except InvalidOperation:
        raise MismatchError(f"'{text}' is no number") from None
    if not value.is_finite() or "_" in text:
        raise MismatchError(f"'{text}' is no number")
    return value


def moment(text: str) -> datetime:
    """The begin of the day or of the time that a text names.

    Raises:
        MismatchError: it names none.
    """
    try:
        span = read_span(text)
    except ValueError as error:
        raise MismatchError(f"'{text}' is no date: {error}") from None
    if span is None or (span.end - span.begin).days > 1:
        raise MismatchError(f"'{text}' is no date such as 2024-05-17")
    return span.begin


def compare(how: Compare, left: Operand, right: Operand) -> Truths:
    """Both of each fragment compared, None where one is null."""
    pairs = zip(*aligned(left, right, is_ordered=how not in _EQUALITIES), strict=True)
    return [None if one is None or other is None else how(one, other) for one, other in pairs]


def contained(value: Operand, items: Sequence[Operand]) -> Truths:
    """Whether each value is among the items; None where only a null could tell."""
    has_null = any(item.kind == "null" for item in items)
    columns: dict[int, tuple[Sequence[Any], set[Any]]] = {}
    truths: Truths = [False] * len(value.values)
    for item in items:
        if item.kind == "null":
            continue
        if not item.is_constant:
            truths = either(truths, compare(operator.eq, value, item))
            continue
        ours, theirs = aligned(value, item, is_ordered=False)
        columns.setdefault(id(ours), (ours, set()))[1].update(theirs[:1])
    for ours, wanted in columns.values():
        truths = either(truths, [None if one is None else one in wanted for one in ours])
    return either(truths, [None] * len(truths)) if has_null else truths


def like(value: Operand, pattern: str, escape: str = "", ignores_case: bool = False) -> Truths:
    """Whether each value, as it is written, matches a pattern of SQL."""
    parts = _parts(pattern.casefold() if ignores_case else pattern, escape)
    texts = [None if text is None else text.casefold() for text in value.texts]
    texts = texts if ignores_case else list(value.texts)
    return [None if text is None else _matches(text, parts) for text in texts]


def truths_of(value: Operand) -> Truths:
    """The truth of a value that is used as a condition.

    Raises:
        MismatchError: it is neither true nor false, such as a number.
    """
    if value.kind not in ("boolean", "null"):
        raise MismatchError(f"{value.name} is {_NAMES[value.kind]}, no condition")
    return list(value.values)


def negated(truths: Truths) -> Truths:
    """`not`: what is neither true nor false stays so."""
    return [None if one is None else not one for one in truths]


def both(left: Truths, right: Truths) -> Truths:
    """`and`: false where one is, else None where one is."""
    return [_and(one, other) for one, other in zip(left, right, strict=True)]


def either(left: Truths, right: Truths) -> Truths:
    """`or`: true where one is, else None where one is."""
    return negated(both(negated(left), negated(right)))


def aligned(left: Operand, right: Operand, is_ordered: bool) -> tuple[Sequence[Any], Sequence[Any]]:
    """Values of both that can be compared with each other, by the rules above.

    Raises:
        MismatchError: there are none.
    """
    kinds = {left.kind, right.kind}
    if "null" in kinds:
        return [None] * len(left.values), right.values
    if "moment" in kinds:
        return _moments(left), _moments(right)
    if kinds <= {"padded", "number"} or len(kinds) == 1:
        return left.values, right.values
    if kinds == {"padded", "text"}:
        return left.texts, right.texts
    return _converted(left, right, is_ordered)


def _converted(
    left: Operand, right: Operand, is_ordered: bool
) -> tuple[Sequence[Any], Sequence[Any]]:
    """As `aligned`, of a literal and something of another kind."""
    if left.kind == "text" and left.is_constant:
        return _read_as(left, right.kind), right.values
    if right.kind == "text" and right.is_constant:
        return left.values, _read_as(right, left.kind)
    is_number_beside_text = {left.kind, right.kind} == {"text", "number"}
    if not is_number_beside_text or not (left.is_constant or right.is_constant):
        what = f"{left.name} is {_NAMES[left.kind]}, {right.name} is {_NAMES[right.kind]}"
        raise MismatchError(what)
    if is_ordered:
        raise MismatchError(_advice(left, right))
    return left.texts, right.texts


def _read_as(text: Operand, kind: Kind) -> Sequence[Any]:
    """A literal's text as what the other side is."""
    (written, *_), n_fragments = [*text.texts, ""], len(text.texts)
    if kind == "number":
        return [number(str(written))] * n_fragments
    value = {"true": True, "false": False}.get(str(written).lower())
    if value is None:
        raise MismatchError(f"{text.name} is neither true nor false")
    return [value] * n_fragments


def _moments(one: Operand) -> Sequence[datetime | None]:
    if one.kind == "moment":
        return one.values
    known = {text: moment(text) for text in set(one.texts) if text is not None}
    return [None if text is None else known[text] for text in one.texts]


def _advice(left: Operand, right: Operand) -> str:
    key, literal = (right, left) if left.is_constant else (left, right)
    odd = (text for text in key.texts if text and Key.of("", [text]).kind == "text")
    example = next(odd, "")
    because = f", because of {example}" if example else ""
    return f"{key.name} holds texts{because}; write '{literal.texts[0]}'"


def _and(one: bool | None, other: bool | None) -> bool | None:
    if one is False or other is False:
        return False
    return None if one is None or other is None else True


#: A pattern's parts: a character, or what `_` and `%` stand for.
_ONE, _MANY = object(), object()


def _parts(pattern: str, escape: str) -> list[object]:
    def parts() -> Iterator[object]:
        characters = iter(pattern)
        for character in characters:
            if character == escape:
                following = next(characters, None)
                if following is None:
                    raise MismatchError(f"the pattern '{pattern}' ends with its escape")
                yield following
            else:
                yield {"_": _ONE, "%": _MANY}.get(character, character)

    return list(parts())


def _matches(text: str, parts: Sequence[object]) -> bool:
    """By going back to the last `%` only, so that no pattern takes more than product of lengths."""
    at, part, star, tried = 0, 0, -1, 0
    while at < len(text):
        if part < len(parts) and parts[part] is _MANY:
            star, tried, part = part, at, part + 1
        elif part < len(parts) and parts[part] in (_ONE, text[at]):
            at, part = at + 1, part + 1
        elif star >= 0:
            tried += 1
            at, part = tried, star + 1
        else:
            return False
    return all(one is _MANY for one in parts[part:])
