"""References: what blocks follow is the row with their keys, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ae_pipeline.mapping.subcolumn import Sequence, SubColumn
from ae_pipeline.table.model import TableModel
from ae_pipeline.table.references import (
    STRETCH,
    Picks,
    References,
    hint_of,
    hints_of,
    pack_references,
    unpack_references,
)
from tests.support.strategies.table_models import damaged

COLUMNS = (
    SubColumn("key", "key", "number"),
    SubColumn("day", "day", "number"),
    SubColumn("x?", "x", "validity"),
    SubColumn("x", "x", "number", parent="x?", allowed=(1,)),
    SubColumn("other", "other", "category"),
    SubColumn("items", "list", "number", space="lengths"),
)
KEPT = ("key", "day", "x?", "x")
#: Codes every sub-column by itself.
PLAIN = TableModel(KEPT, ())


@dataclass(frozen=True)
class Case:
    """References, and a block with keys of its own."""

    references: References
    block: Mapping[str, Sequence]
    picks: Picks

    @property
    def n_rows(self) -> int:
        """Rows of the block."""
        return len(self.block["key"].integers)


def rows_of(seed: int, n_rows: int, n_keys: int) -> dict[str, Sequence]:
    """Rows whose keys are few, so that some are equal and some are in no reference."""
    random = np.random.default_rng(seed)
    live = random.random(n_rows) < 0.7
    return {
        "key": Sequence(random.integers(-n_keys, n_keys, n_rows), None),
        "day": Sequence(random.integers(0, 3, n_rows), None),
        "x?": Sequence(live.astype(np.int64), None),
        "x": Sequence(np.where(live, random.integers(-9, 9, n_rows), 0), live),
    }


Drawn = tuple[list[int], int, int, int, int]
#: Keys and the sub-columns that blocks may follow.
KEYS = (
    (("key",), ("x", "x?", "day")),
    (("key", "day"), ("x?", "x")),
    (("day", "x"), ("key", "x?")),
)
drawn = st.tuples(
    st.lists(st.integers(1, 40), min_size=1, max_size=2),
    st.integers(0, 999),
    st.integers(1, 30),
    st.sampled_from(range(len(KEYS))),
    st.sampled_from([1, 30, STRETCH, STRETCH + 5]),
)


def case_of(drawn: Drawn) -> Case:
    """One reference or two, of any rows, and what a block follows.

    It is no strategy: checks of annotations draw random numbers.
    """
    sizes, seed, n_keys, place, n_rows = drawn
    keys, names = KEYS[place]
    references = References(keys, names, rows_of(seed, sum(sizes), n_keys), tuple(sizes))
    random, n_stretches = np.random.default_rng(seed), -(-n_rows // STRETCH)
    numbers = random.integers(0, len(sizes) + 1, n_stretches)
    picks = Picks(numbers, random.random((len(names), n_stretches)) < 0.8)
    return Case(references, rows_of(seed + 1, n_rows, n_keys + 2), picks)


def row_key(
    rows: Mapping[str, Sequence], keys: tuple[str, ...], row: int
) -> tuple[int, ...] | None:
    """The keys of a row, None if it lacks one."""
    live = [rows[name].live for name in keys]
    if not all(one is None or one[row] for one in live):
        return None
    return tuple(int(rows[name].integers[row]) for name in keys)


@given(drawn)
def test_hints(drawn: Drawn) -> None:
    """A row is told what the first kept row with its keys holds, where its stretch follows."""
    case = case_of(drawn)
    references, picks = case.references, case.picks
    ends = np.cumsum(references.sizes).tolist()
    places = references.follow(picks, case.block, case.n_rows)
    for name in references.names:
        hint, kept = references.hint(name, picks, places), references.sequences[name]
        for row in range(case.n_rows):
            number = int(picks.numbers[row // STRETCH])
            key = row_key(case.block, references.keys, row)
            span = range(ends[number - 1] - references.sizes[number - 1], ends[number - 1])
            own = (at for at in span if row_key(references.sequences, references.keys, at) == key)
            found = next(own, None) if number and key is not None else None
            follows = picks.is_followed[references.names.index(name), row // STRETCH]
            has_one = found is not None and follows and (kept.live is None or kept.live[found])
            assert hint.live is not None
            assert hint.live[row] == has_one
            assert hint.integers[row] == (kept.integers[found] if has_one else 0)


@given(drawn)
def test_round_trip(drawn: Drawn) -> None:
    """References come back from their bytes."""
    case = case_of(drawn)
    content = pack_references(case.references, PLAIN, COLUMNS)
    again = unpack_references(content, COLUMNS)
    assert (again.keys, again.names) == (case.references.keys, case.references.names)
    assert again.sizes == case.references.sizes
    for name, kept in case.references.sequences.items():
        assert np.array_equal(again.sequences[name].integers, kept.integers)
        assert (again.sequences[name].live is None) == (kept.live is None)
        assert kept.live is None or np.array_equal(again.sequences[name].live, kept.live)


@given(drawn, st.data())
def test_damage(drawn: Drawn, data: st.DataObject) -> None:
    """Damaged references are refused, or any block can follow them."""
    case = case_of(drawn)
    content = damaged(pack_references(case.references, PLAIN, COLUMNS), data)
    try:
        references = unpack_references(content, COLUMNS)
    except ValueError:
        return
    known = {name: case.block.get(name, case.block["key"]) for name in references.keys}
    n_stretches = len(case.picks.numbers)
    flags = np.ones((len(references.names), n_stretches), bool)
    picks = Picks(np.ones(n_stretches, np.int64), flags)
    places = references.follow(picks, known, case.n_rows)
    for name in references.names:
        assert len(references.hint(name, picks, places).integers) == case.n_rows


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x7f",
        b"\x01\xff\xff\xff\x7f\x01\x00\x01\x00\x01\x01",
        b"\x01\x05\x01\x05\x01\x00\x01\x00",
    ],
)
def test_claims(content: bytes) -> None:
    """More references or rows than there may be, and items of lists, are refused."""
    with pytest.raises(ValueError, match=r"reference|content"):
        unpack_references(content, COLUMNS)


def test_a_hint_has_rows_of_its_own() -> None:
    """A hint means what its sub-column means, but no parent says where it has integers."""
    (hint,) = hints_of([COLUMNS[3]])
    assert (hint.name, hint.parent) == (hint_of("x"), None)
