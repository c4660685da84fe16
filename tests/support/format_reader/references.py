"""Rows that a codec keeps, and the rows of a block that follow them (section 6.8)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tests.support.format_reader.mappings.columns import Known
from tests.support.format_reader.mappings.sub_columns import Sub
from tests.support.format_reader.streams import Bytes, read_integers
from tests.support.format_reader.sub_column import Rows, read_sub_column
from tests.support.format_reader.table_model import ModelFile

_STRETCH = 1024


@dataclass
class Kept:
    """References of a codec.

    Args:
        keys: names of the sub-columns that name rows.
        names: of those that blocks may follow.
        references: the integers of each, by name.
    """

    keys: list[str]
    names: list[str]
    references: list[Known]

    def hints(self, subs: list[Sub]) -> list[Sub]:
        """Hints as sub-columns, in the order of what they are about."""
        found = [sub for sub in subs if sub.name in self.names]
        return [Sub(sub.name + "@", sub.offset, sub.step, None, ()) for sub in found]

    def hint(self, name: str, streams: list[bytes], known: Known, n_rows: int) -> list[int | None]:
        """The integers of a hint in the rows of a block."""
        if not streams:
            return [None] * n_rows
        n_stretches = -(-n_rows // _STRETCH)
        numbers = read_integers(streams[0], n_stretches).tolist()
        own = streams[1 + self.names.index(name)]
        follows = read_integers(own, n_stretches).tolist() if own else [bool(n) for n in numbers]
        integers: list[int | None] = []
        for row in range(n_rows):
            number = numbers[row // _STRETCH]
            key = tuple(known[one][row] for one in self.keys)
            kept = self._row(number, key) if number and follows[row // _STRETCH] else None
            integers.append(None if kept is None else self.references[number - 1][name][kept])
        return integers

    def _row(self, number: int, key: tuple[int | None, ...]) -> int | None:
        """The first row of a reference with a key, if there is one."""
        reference = self.references[number - 1]
        n_rows = len(reference[self.keys[0]])
        rows = (tuple(reference[one][row] for one in self.keys) for row in range(n_rows))
        alike = (row for row, own in enumerate(rows) if own == key and None not in key)
        return next(alike, None)


def read_references(path: Path, subs: list[Sub]) -> Kept:
    """References of a codec with these sub-columns."""
    taken = Bytes(path.read_bytes())
    sizes, places, keys, names = (_list(taken) for _ in range(4))
    kept = [subs[place] for place in places]
    order, models = ModelFile(taken.take(taken.varint())).table(len(kept))
    references = []
    for n_rows in sizes:
        known: Known = {}
        for number in order:
            stream = taken.take(taken.varint())
            known[kept[number].name] = _read(stream, number, kept, models, known, n_rows)
        references.append(known)
    assert taken.position == len(taken.content)
    named = [[kept[place].name for place in one] for one in (keys, names)]
    return Kept(*named, references)


def _list(taken: Bytes) -> list[int]:
    return [taken.varint() for _ in range(taken.varint())]


def _read(
    stream: bytes, number: int, kept: list[Sub], models: dict, known: Known, n_rows: int
) -> list[int | None]:
    """Integers of a kept sub-column."""
    sub = kept[number]
    parent = [0] * n_rows if sub.parent is None else known[sub.parent]
    is_live = [sub.parent is None or one in sub.allowed for one in parent]
    if stream[0]:
        numbers = {one.name: place for place, one in enumerate(kept)}
        own = {numbers[name]: integers for name, integers in known.items()}
        meanings = {place: (one.offset, one.step) for place, one in enumerate(kept)}
        rows = Rows(n_rows, own, meanings)
        return read_sub_column(stream[1:], models[number], rows, is_live)
    left = iter(read_integers(stream[1:], sum(is_live)).tolist())
    return [next(left) if one else None for one in is_live]
