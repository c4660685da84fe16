"""Compare the operands of a predicate, fragment by fragment.

Numbers are compared with numbers, by value however they are written; texts with texts, by code
point. A text literal beside a number key is read as a number. A number literal beside a text key is
taken as the text it is written as, for equality only; an order of numbers and texts is refused.
Folders with leading zeros, `month=05`, are numbers beside numbers and texts beside texts. Days and
times, `DATE '2024-01-01'`, are compared with folders that name days or times.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, TypeAlias  # Any: values of one kind, compared among themselves

from ae_pipeline.dataset import Key
from ae_pipeline.selection.operand import Kind, MismatchError, Operand, moment, number
from ae_pipeline.selection.truths import Truths, either

Compare: TypeAlias = Callable[[Any, Any], bool]

_EQUALITIES: tuple[Compare, ...] = (operator.eq, operator.ne)


def compare(how: Compare, left: Operand, right: Operand) -> Truths:
    """Compare two operands; None where one of them is null.

    Raises:
        MismatchError: their kinds cannot be compared.
    """
    pairs = zip(*_aligned(left, right, is_ordered=how not in _EQUALITIES), strict=True)
    return [None if one is None or other is None else how(one, other) for one, other in pairs]


def contained(value: Operand, items: Sequence[Operand]) -> Truths:
    """Whether each value is among the items; None where only a null item could decide.

    Raises:
        MismatchError: the value and an item cannot be compared.
    """
    has_null = any(item.kind == "null" for item in items)
    # Constants that need the same form of the values are looked up in one set.
    sets: dict[int, tuple[Sequence[Any], set[Any]]] = {}
    truths: Truths = [False] * len(value.values)
    for item in items:
        if item.kind == "null":
            continue
        if not item.is_constant:
            truths = either(truths, compare(operator.eq, value, item))
            continue
        values, constants = _aligned(value, item, is_ordered=False)
        sets.setdefault(id(values), (values, set()))[1].update(constants[:1])
    for values, wanted in sets.values():
        truths = either(truths, [None if one is None else one in wanted for one in values])
    return either(truths, [None] * len(truths)) if has_null else truths


def _aligned(
    left: Operand, right: Operand, is_ordered: bool
) -> tuple[Sequence[Any], Sequence[Any]]:
    """Return values of both operands that can be compared, by the rules of this module.

    Raises:
        MismatchError: no rule applies.
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
    """As `_aligned`, for a literal and something of another kind."""
    if left.kind == "text" and left.is_constant:
        return _read_as(left, right.kind), right.values
    if right.kind == "text" and right.is_constant:
        return left.values, _read_as(right, left.kind)
    is_number_beside_text = {left.kind, right.kind} == {"text", "number"}
    if not is_number_beside_text or not (left.is_constant or right.is_constant):
        raise MismatchError(f"{left.described}, {right.described}")
    if is_ordered:
        raise MismatchError(_advice(left, right))
    return left.texts, right.texts


def _read_as(literal: Operand, kind: Kind) -> Sequence[Any]:
    """Return a text literal as a value of the other operand's kind."""
    (written, *_), n_fragments = [*literal.texts, ""], len(literal.texts)
    if kind == "number":
        return [number(str(written))] * n_fragments
    value = {"true": True, "false": False}.get(str(written).lower())
    if value is None:
        raise MismatchError(f"{literal.name} is neither true nor false")
    return [value] * n_fragments


def _moments(one: Operand) -> Sequence[datetime | None]:
    if one.kind == "moment":
        return one.values
    known = {text: moment(text) for text in set(one.texts) if text is not None}
    return [None if text is None else known[text] for text in one.texts]


def _advice(left: Operand, right: Operand) -> str:
    """Say how to write a number literal that is compared with a text key by order."""
    key, literal = (right, left) if left.is_constant else (left, right)
    odd = (text for text in key.texts if text and Key.of("", [text]).kind == "text")
    example = next(odd, "")
    because = f", because of {example}" if example else ""
    return f"{key.name} holds texts{because}; write '{literal.texts[0]}'"
