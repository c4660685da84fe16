"""SQL's three truths over many fragments: true, false, and None where a null decides.

A comparison with null is None. `not`, `and` and `or` keep None unless the other side decides.
"""

from __future__ import annotations

from typing import TypeAlias

#: One truth per fragment.
Truths: TypeAlias = list[bool | None]


def negated(truths: Truths) -> Truths:
    """`not`: None stays None."""
    return [None if one is None else not one for one in truths]


def both(left: Truths, right: Truths) -> Truths:
    """`and`: False if either side is, else None if either side is."""
    return [_and(one, other) for one, other in zip(left, right, strict=True)]


def either(left: Truths, right: Truths) -> Truths:
    """`or`: True if either side is, else None if either side is."""
    return negated(both(negated(left), negated(right)))


def _and(one: bool | None, other: bool | None) -> bool | None:
    if one is False or other is False:
        return False
    return None if one is None or other is None else True
