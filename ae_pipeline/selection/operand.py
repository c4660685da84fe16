"""Operands of a predicate: partition keys and literals, each with one value per fragment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Literal, TypeAlias  # Any: values of one kind, compared among themselves

from ae_pipeline.dataset import Key
from ae_pipeline.selection.spans import read_span
from ae_pipeline.selection.truths import Truths

Kind: TypeAlias = Literal["text", "number", "padded", "boolean", "moment", "null"]
_NAMES: dict[Kind, str] = {
    "text": "text",
    "number": "a number",
    "padded": "a number",
    "boolean": "true or false",
    "moment": "a date",
    "null": "null",
}


class MismatchError(Exception):
    """A predicate uses a value as something that it is not; the message says why."""


@dataclass(frozen=True)
class Operand:
    """The values of a key, a literal or a condition.

    Args:
        name: as the predicate has it.
        kind: of all values.
        values: one per fragment; None for null.
        texts: the same values as they are written.
        is_constant: it is a literal, the same for all fragments.
    """

    name: str
    kind: Kind
    values: Sequence[Any]
    texts: Sequence[str | None]
    is_constant: bool = False

    @classmethod
    def of_key(cls, key: Key) -> Operand:
        """Take the values of a partition key.

        Raises:
            MismatchError: a path gives it two values.
        """
        if key.twice:
            raise MismatchError(f"{key.name} has two values in {key.twice}")
        return cls(key.name, key.kind, key.values, key.texts)

    @classmethod
    def constant(cls, kind: Kind, value: Any, text: str, n_fragments: int) -> Operand:
        """Repeat a literal for every fragment."""
        name = f"'{text}'" if kind in ("text", "moment") else text
        return cls(name, kind, [value] * n_fragments, [text] * n_fragments, is_constant=True)

    @property
    def described(self) -> str:
        """Name and kind, for messages: `year is a number`."""
        return f"{self.name} is {_NAMES[self.kind]}"

    def truths(self) -> Truths:
        """Return the values as truths, where the operand is used as a condition.

        Raises:
            MismatchError: the values are neither true nor false, such as numbers.
        """
        if self.kind not in ("boolean", "null"):
            raise MismatchError(f"{self.described}, not a condition")
        return list(self.values)


def number(text: str) -> Decimal:
    """Return the exact number that a literal stands for.

    Raises:
        MismatchError: it is not a number.
    """
    try:
        value = Decimal("".join(text.split()) if text.strip() else "-")
    except InvalidOperation:
        raise MismatchError(f"'{text}' is not a number") from None
    if not value.is_finite() or "_" in text:
        raise MismatchError(f"'{text}' is not a number")
    return value


def moment(text: str) -> datetime:
    """Return when the day or time that a text names begins.

    Raises:
        MismatchError: it names neither.
    """
    try:
        span = read_span(text)
    except ValueError as error:
        raise MismatchError(f"'{text}' is not a date: {error}") from None
    if span is None or (span.end - span.begin).days > 1:
        raise MismatchError(f"'{text}' is not a date such as 2024-05-17")
    return span.begin
