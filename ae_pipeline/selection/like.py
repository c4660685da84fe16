"""SQL's `like`: match texts with patterns of `_` (one character) and `%` (any number)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ae_pipeline.selection.operand import MismatchError, Operand
from ae_pipeline.selection.truths import Truths

#: Parts of a pattern are characters and these two, for `_` and `%`.
_ONE, _MANY = object(), object()


def like(value: Operand, pattern: str, escape: str = "", ignores_case: bool = False) -> Truths:
    """Match each value, as it is written, with a pattern.

    Args:
        value: the texts to match.
        pattern: as SQL has it.
        escape: the character that makes the next one stand for itself; empty for none.
        ignores_case: for `ilike`.

    Raises:
        MismatchError: the pattern ends with its escape.
    """
    parts = _parts(pattern.casefold() if ignores_case else pattern, escape)
    texts = [None if text is None else text.casefold() for text in value.texts]
    texts = texts if ignores_case else list(value.texts)
    return [None if text is None else _matches(text, parts) for text in texts]


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
    """Match by going back to the last `%` only: at most len(text) * len(parts) steps."""
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
