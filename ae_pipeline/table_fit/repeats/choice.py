"""Choose the fragments whose rows a codec keeps: those that save most in all others."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from collections.abc import Sequence as Items
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from jaxtyping import Float64

from ae_pipeline.mapping.subcolumn import Sequence, SubColumn, join_sequences
from ae_pipeline.table.references import (
    MOST_REFERENCES,
    STRETCH,
    References,
    hint_of,
    saved_bits,
    surprise,
)
from ae_pipeline.table_fit.repeats.keys import Fragment

#: What references must save at least: bytes of the archive, and the same for each sub-column.
_LEAST_BYTES, _LEAST_OF_COLUMN = 4096, 512
#: A stretch that follows another reference so well is not kept once more.
_FOLLOWS = 0.8
#: Integers that are kept at most.
_MOST_INTEGERS = 1 << 22

Saved = Float64[np.ndarray, "names stretches"]


def choose_references(
    columns: Items[SubColumn],
    fragments: Items[Fragment],
    key: str,
    find_costly: Callable[[], Collection[str]],
    share: float,
) -> References | None:
    """Return rows worth keeping, None if too little of the source repeats.

    Args:
        columns: of the table.
        fragments: sub-columns of some fragments of the source, by name.
        key: names the rows of fragments.
        find_costly: returns the sub-columns that cost much without references; the others only help
            to code them. It is called if anything repeats.
        share: fragments of the archive for each of these.
    """
    search = _Search(key, _repeatable(columns, key), fragments, share)
    if not search.run():
        return None
    costly = find_costly()
    search = replace(search, names=tuple(name for name in search.names if name in costly))
    names = search.worth(search.run())
    if not names:
        return None
    search = replace(search, names=names)
    chosen = search.run()
    helpful = [one.name for one in columns if not one.space and one.name not in costly]
    kept = _with_parents((*names, *helpful), key, columns)
    pieces = [search.pieces(chosen, number, kept) for number in chosen]
    return _kept(key, names, kept, pieces)


@dataclass(frozen=True)
class _Search:
    """Fragments, and what following one saves in another.

    Args:
        key: sub-column that names rows.
        names: other sub-columns of the rows.
        fragments: sub-columns of each fragment.
        share: fragments of the archive for each of these.
    """

    key: str
    names: tuple[str, ...]
    fragments: Items[Fragment]
    share: float

    def run(self) -> list[int]:
        """Return the fragments to keep, each of which pays for itself, the best first."""
        chosen: list[int] = []
        while len(chosen) < MOST_REFERENCES and self._n_kept(chosen) < _MOST_INTEGERS:
            gains = {
                number: self._gain(chosen, number)
                for number in range(len(self.fragments))
                if number not in chosen
            }
            best = max(gains, key=lambda number: gains[number], default=None)
            if best is None or gains[best] < 8 * _LEAST_BYTES:
                break
            chosen.append(best)
        return chosen

    def worth(self, chosen: Items[int]) -> tuple[str, ...]:
        """Return the sub-columns for which following the chosen fragments saves enough."""
        by_name = np.zeros(len(self.names))
        if not chosen:
            return ()
        for other in range(len(self.fragments)):
            if other not in chosen:
                best = max((self._saved[number][other] for number in chosen), key=np.sum)
                by_name += best.sum(axis=1) * self.share
        pairs = zip(self.names, by_name.tolist(), strict=True)
        return tuple(name for name, bits in pairs if bits > 8 * _LEAST_OF_COLUMN)

    def pieces(self, chosen: Items[int], number: int, kept: Items[str]) -> Fragment:
        """Return the rows of a chosen fragment that follow none of those chosen before it.

        Args:
            chosen: fragments.
            number: of one of them.
            kept: sub-columns to return; all have the table's rows.
        """
        before = chosen[: list(chosen).index(number)]
        own = self._saved[number][number].sum(axis=0)
        is_new = np.ones(len(own), bool)
        for earlier in before:
            is_new &= self._saved[earlier][number].sum(axis=0) < _FOLLOWS * own
        n_rows = len(self.fragments[number][self.key].integers)
        rows = np.repeat(is_new, STRETCH)[:n_rows]
        return {name: _of_rows(self.fragments[number][name], rows) for name in kept}

    def _gain(self, chosen: Items[int], number: int) -> float:
        """Return the bits that others save by following one more fragment."""
        gain = 0.0
        for other in range(len(self.fragments)):
            if other != number and other not in chosen:
                own = self._saved[number][other].sum(axis=0)
                best = np.zeros_like(own)
                for earlier in chosen:
                    best = np.maximum(best, self._saved[earlier][other].sum(axis=0))
                gain += self.share * float(np.maximum(own - best, 0.0).sum())
        return gain

    def _n_kept(self, chosen: Items[int]) -> int:
        rows = sum(len(self.fragments[number][self.key].integers) for number in chosen)
        return rows * (1 + len(self.names))

    @cached_property
    def _saved(self) -> list[list[Saved]]:
        """Bits that following the first saves in the second, of each sub-column and stretch."""
        return [self._of(one) for one in self.fragments]

    def _of(self, kept: Fragment) -> list[Saved]:
        alone = _kept(self.key, self.names, (self.key, *self.names), [kept])
        return [
            saved_bits(alone, 1, other, bits)
            for other, bits in zip(self.fragments, self._surprise, strict=True)
        ]

    @cached_property
    def _surprise(self) -> list[Mapping[str, Float64[np.ndarray, "_"]]]:
        return [surprise(one, self.names) for one in self.fragments]


def _kept(
    key: str, names: tuple[str, ...], kept: Items[str], pieces: Items[Fragment]
) -> References:
    """Put the rows of fragments one after the other."""
    pieces = [one for one in pieces if len(one[key].integers)]
    sequences = {name: join_sequences([one[name] for one in pieces]) for name in kept}
    return References((key,), names, sequences, tuple(len(one[key].integers) for one in pieces))


def _repeatable(columns: Items[SubColumn], key: str) -> tuple[str, ...]:
    taken = {column.name for column in columns}
    return tuple(
        column.name
        for column in columns
        if not column.space and column.name != key and hint_of(column.name) not in taken
    )


def _with_parents(names: Items[str], key: str, columns: Items[SubColumn]) -> tuple[str, ...]:
    """Return names and all that say where these have rows, in the order of the columns."""
    by_name = {column.name: column for column in columns}
    found: set[str] = set()
    for name in (key, *names):
        one: str | None = name
        while one is not None:
            found.add(one)
            one = by_name[one].parent
    return tuple(name for name in by_name if name in found)


def _of_rows(sequence: Sequence, rows: np.ndarray) -> Sequence:
    live = None if sequence.live is None else sequence.live[rows]
    return Sequence(sequence.integers[rows], live)
