"""Partition keys: the folders `year=2013/station=Aotizhongxin` as typed columns.

A key is a number only where nothing is lost: where each of its texts is the one way to write its
number. Versions 1.1 and 1.10 are two partitions, so such a key stays text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, TypeAlias
from urllib.parse import unquote

from ae_pipeline.dataset.fragment import Fragment

#: The name that Hive and Spark give the folder of rows without a value.
_NULL = "__HIVE_DEFAULT_PARTITION__"
_MOST_LISTED = 12
_NUMBER = re.compile(r"(?!-0(\.0)?$)-?(0|[1-9][0-9]*)(\.(0|[0-9]*[1-9]))?")
_DIGITS = re.compile(r"[0-9]+")
_BOOLEANS = {"true": True, "false": False}

Value: TypeAlias = str | Decimal | bool | None
#: padded: integers with leading zeros, `month=05`; text that can be compared with numbers, too.
Kind: TypeAlias = Literal["text", "number", "padded", "boolean"]


@dataclass(frozen=True)
class Key:
    """One key and its value in each of many fragments.

    Args:
        name: as the folders spell it.
        kind: of all its values.
        texts: of each fragment, as its folder spells it; None where it is absent or null.
        values: the same, typed: a number for a padded integer, a text for text.
        twice: a partition whose path gives the key two values; empty if there is none.
    """

    name: str
    kind: Kind
    texts: tuple[str | None, ...]
    values: tuple[Value, ...]
    twice: str = ""

    @classmethod
    def of(cls, name: str, texts: Sequence[str | None], twice: str = "") -> Key:
        """Return a key of these texts, of the narrowest kind that suits all of them."""
        known = {text for text in texts if text is not None}
        kind, worth = _kind_of(known)
        values = tuple(None if text is None else worth[text] for text in texts)
        return cls(name, kind, tuple(texts), values, twice)


def partition_pairs(fragment: Fragment) -> list[tuple[str, str | None]]:
    """Return each key in the fragment's path with its value; other folders are skipped."""
    pairs = (folder.partition("=") for folder in fragment.partition.split("/"))
    return [
        (_decoded(key), None if value == _NULL else _decoded(value))
        for key, is_pair, value in pairs
        if is_pair
    ]


def partition_values(fragment: Fragment) -> dict[str, str | None]:
    """Return the value of each key in the fragment's path, as text; the last if it has two."""
    return dict(partition_pairs(fragment))


def partition_keys(fragments: Sequence[Fragment]) -> dict[str, Key]:
    """Return `path`, then every key, by name; each with one value per fragment."""
    values = [partition_values(fragment) for fragment in fragments]
    names = dict.fromkeys(name for value in values for name in value)
    twice = _given_twice(fragments)
    paths = [fragment.relative for fragment in fragments]
    return {
        "path": Key("path", "text", tuple(paths), tuple(paths)),
        **{
            name: Key.of(name, [value.get(name) for value in values], twice.get(name, ""))
            for name in names
        },
    }


def known_values(fragments: Sequence[Fragment]) -> str:
    """Describe the keys in a few words: `year 2013 to 2015; station Aotizhongxin, Changping`."""
    path, *keys = partition_keys(fragments).values()
    return "; ".join(f"{key.name} {_span(key)}" for key in keys or [path])


def _span(key: Key) -> str:
    """List a few texts; give the first and the last of many texts and of numbers."""
    pairs = {(value, text) for value, text in zip(key.values, key.texts, strict=True)}
    known = [str(text) for value, text in sorted(pairs - {(None, None)})]
    is_number = key.kind in ("number", "padded")
    if len(known) <= 1 or (not is_number and len(known) <= _MOST_LISTED):
        return ", ".join(known) or "null"
    n_texts = "" if is_number else f" ({len(known)} values)"
    return f"{known[0]} to {known[-1]}{n_texts}"


def _kind_of(texts: Iterable[str]) -> tuple[Kind, dict[str, Value]]:
    """Return the kind of distinct texts, and the value of each."""
    texts = list(texts)
    if texts and all(text.lower() in _BOOLEANS for text in texts):
        booleans: dict[str, Value] = {text: _BOOLEANS[text.lower()] for text in texts}
        if _is_one_to_one(booleans):
            return "boolean", booleans
    for kind, form in (("number", _NUMBER), ("padded", _DIGITS)):
        if texts and all(form.fullmatch(text) for text in texts):
            numbers: dict[str, Value] = {text: Decimal(text) for text in texts}
            if _is_one_to_one(numbers):
                return ("number" if kind == "number" else "padded"), numbers
    return "text", {text: text for text in texts}


def _is_one_to_one(worth: dict[str, Value]) -> bool:
    return len(set(worth.values())) == len(worth)


def _given_twice(fragments: Sequence[Fragment]) -> dict[str, str]:
    """Return keys that some path gives two values, each with such a partition."""
    found: dict[str, str] = {}
    for fragment in fragments:
        pairs = set(partition_pairs(fragment))
        names = [name for name, _ in pairs]
        if len(set(names)) < len(names):
            found |= {name: fragment.partition for name in names if names.count(name) > 1}
    return found


def _decoded(text: str) -> str:
    """Decode `%3A` to a colon; escapes that are not UTF-8 stay, so that no two values meet."""
    try:
        return unquote(text, errors="strict")
    except UnicodeDecodeError:
        return text
