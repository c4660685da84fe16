"""Valid models of a sub-column, with everything that a model can have, and rows for them."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from hypothesis import strategies as st

from ae_pipeline.mapping.subcolumn import Sequence, SubColumn
from ae_pipeline.table.between.own_signals import OWN_SIGNALS
from ae_pipeline.table.known import KnownRows
from ae_pipeline.table.model import (
    Bins,
    Dependence,
    Guess,
    Hierarchy,
    Linear,
    Neighbour,
    Previous,
    Relation,
    Signal,
    SubColumnModel,
    Term,
    Tree,
)
from ae_pipeline.table.subcolumn_coder import needs_of
from ae_pipeline.table.trees import right_children

#: Sub-columns that models ask for: two categories, a number with nulls, a time, and any integers.
COLUMNS = {
    "kind": SubColumn("kind", "kind", "category"),
    "place": SubColumn("place", "place", "category"),
    "size": SubColumn("size", "size", "number", parent="kind", allowed=(1, 2)),
    "time": SubColumn("time", "time", "number", "time", 1_600_000_000, 60, ticks=1),
    "any": SubColumn("any", "any", "number", offset=1 << 70, step=3),
}
NAME = "coded"
#: Those of a table in which it is coded.
SUBCOLUMNS = [*COLUMNS.values(), SubColumn(NAME, NAME, "number")]
INT64 = st.integers(-(1 << 63), (1 << 63) - 1)
NEAR = st.integers(-60, 60)
NUMBERS = st.one_of(NEAR, INT64)
NAMES = st.sampled_from(sorted(COLUMNS))
KEYS = st.lists(NAMES, max_size=4, unique=True).map(tuple)


def known_sequences(n_rows: int, seed: int) -> dict[str, Sequence]:
    """Integers of all sub-columns that models ask for."""
    generator = np.random.default_rng(seed)
    kinds = generator.integers(0, 4, n_rows)
    is_live = np.isin(kinds, [1, 2])
    lowest, highest = -(1 << 63), (1 << 63) - 1
    return {
        "kind": Sequence(kinds, None),
        "place": Sequence(np.sort(generator.integers(0, 9, n_rows)), None),
        "size": Sequence(np.where(is_live, generator.integers(-50, 50, n_rows), 0), is_live),
        "time": Sequence(np.cumsum(generator.integers(0, 3, n_rows)), None),
        "any": Sequence(generator.integers(lowest, highest, n_rows, endpoint=True), None),
    }


@dataclass(frozen=True)
class Case:
    """A model, and a block for it."""

    model: SubColumnModel
    known: dict[str, Sequence]
    sequence: Sequence
    starts: np.ndarray


def terms(has_lags: bool = True) -> st.SearchStrategy[Term]:
    """A weighted integer."""
    lags = st.booleans() if has_lags else st.just(False)
    return st.builds(Term, NAMES, st.one_of(st.integers(-3, 3), INT64), lags, NUMBERS)


def linears() -> st.SearchStrategy[Linear]:
    """A prediction."""
    many = st.lists(terms(), max_size=3).map(tuple)
    return st.builds(Linear, NUMBERS, st.integers(0, 62), many)


def signals(has_own: bool = False) -> st.SearchStrategy[Signal]:
    """A signal of any kind; those of the sub-column itself need a hierarchy."""
    one = NAMES.map(lambda name: (name,))
    cycles = st.tuples(st.integers(1, 5000), st.integers(1, 100))
    ranks = st.lists(st.integers(0, 5), min_size=1, max_size=8).map(tuple)
    own = [st.builds(Signal, st.sampled_from(OWN_SIGNALS))] * (3 * has_own)
    return st.one_of(
        *own,
        st.builds(Signal, st.sampled_from(["value", "lag", "since", "till"]), one),
        st.builds(Signal, st.just("cycle"), one, cycles),
        st.builds(Signal, st.just("rank"), one, ranks),
        st.builds(Signal, st.just("linear"), linear=linears()),
        st.builds(Signal, st.just("first"), KEYS.filter(bool)),
    )


@st.composite
def trees(draw: st.DrawFn, has_own: bool = False) -> Tree:
    """A tree in which every signal is asked for."""
    asked = draw(st.lists(signals(has_own), max_size=5, unique=True))
    asks, thresholds = [], []
    n_open, waiting = 1, list(range(len(asked)))
    while n_open:
        if waiting or (len(asks) < 20 and draw(st.booleans())):
            ask = (
                waiting.pop() if waiting else draw(st.integers(0, len(asked) - 1)) if asked else -1
            )
        else:
            ask = -1
        asks.append(ask)
        thresholds.append(draw(NUMBERS) if ask >= 0 else 0)
        n_open += 1 if ask >= 0 else -1
    rights = np.array(right_children(asks), np.int32)
    return Tree(tuple(asked), np.array(asks, np.int16), np.array(thresholds, np.int64), rights)


@st.composite
def bins(draw: st.DrawFn) -> Bins:
    """Ranges of which some list integers."""
    edges = sorted(draw(st.lists(st.one_of(NEAR, NEAR, INT64), max_size=20, unique=True)))
    low, high, inside, codes, counts = [], [], [], [], []
    for start, end in zip(edges[::2], edges[1::2], strict=False):
        low.append(start)
        high.append(draw(st.integers(start, end)))
        listed = []
        if draw(st.booleans()):
            some = st.integers(low[-1], high[-1])
            listed = sorted(draw(st.lists(some, min_size=1, max_size=6, unique=True)))
        inside += listed
        counts.append(len(listed))
        codes += [draw(st.integers(0, 97)) for _ in listed]
        if listed:
            codes[-1] = max(codes[-1], 1)
    return Bins(
        np.array(low, np.int64),
        np.array(high, np.int64),
        np.array(counts, np.int32),
        np.array(inside, np.int64),
        np.array(codes, np.uint8),
    )


@st.composite
def dependences(draw: st.DrawFn) -> Dependence:
    """A table of one or two sub-columns."""
    sources = draw(st.lists(NAMES, min_size=1, max_size=2, unique=True).map(tuple))
    near = st.integers(0, 10)
    key = near if len(sources) == 1 else st.tuples(near, near).map(lambda p: (p[0] << 20) + p[1])
    entries = draw(st.dictionaries(st.one_of(key, key, INT64), NUMBERS, min_size=1, max_size=8))
    keys = np.array(sorted(entries), np.int64)
    return Dependence(sources, keys, np.array([entries[int(key)] for key in keys], np.int64))


def guesses(
    follows: bool, keys: tuple[str, ...], hierarchy: Hierarchy | None
) -> st.SearchStrategy[Guess]:
    """A guess that goes with the way of coding."""
    relations = st.builds(
        Relation,
        NUMBERS,
        st.integers(1, 5),
        st.lists(terms(has_lags=False), max_size=2).map(tuple),
        NEAR,
        st.sampled_from([0, 0, 7, 1440]),
    )
    if hierarchy is not None:
        return st.one_of(relations, dependences(), st.builds(Neighbour, st.booleans()))
    previous = st.builds(Previous, st.just(keys) if follows else KEYS)
    return st.one_of(relations, dependences(), previous)


@st.composite
def models(draw: st.DrawFn) -> SubColumnModel:
    """A model of any kind."""
    hierarchy = draw(st.one_of(st.none(), st.builds(Hierarchy, NUMBERS, st.booleans())))
    follows, keys = hierarchy is None and draw(st.booleans()), draw(KEYS)
    some_guesses = tuple(draw(st.lists(guesses(follows, keys, hierarchy), max_size=3)))
    some_bins, tree = draw(bins()), draw(trees(hierarchy is not None))
    n_tokens = len(some_guesses) + len(some_bins.low) + 1
    generator = np.random.default_rng(draw(st.integers(0, 99)))
    codes = generator.integers(0, 98, (int((tree.asks < 0).sum()), n_tokens)).astype(np.uint8)
    codes[:, draw(st.integers(0, n_tokens - 1))] |= 1
    labels = generator.permutation(draw(st.sampled_from([0, 0, 1, 9]))).astype(np.int32)
    has_base = hierarchy is None or hierarchy.has_distances
    base = draw(st.one_of(st.none(), linears())) if has_base else None
    return SubColumnModel(
        NAME, keys, base, follows, labels, some_guesses, some_bins, tree, codes, hierarchy
    )


@st.composite
def cases(draw: st.DrawFn, most_rows: int = 60) -> Case:
    """A model, and a block in which some of its guesses are right."""
    with same_randomness():
        return _case(draw, most_rows)


@contextmanager
def same_randomness() -> Iterator[None]:
    """Put back the state of `random`: beartype looks at random items, and hypothesis minds."""
    state = random.getstate()
    try:
        yield
    finally:
        random.setstate(state)


def _case(draw: st.DrawFn, most_rows: int) -> Case:
    model = draw(models())
    n_rows = draw(st.integers(0, most_rows))
    seed = draw(st.integers(0, 99))
    generator = np.random.default_rng(seed)
    known = known_sequences(n_rows, seed)
    integers = np.array(draw(st.lists(NUMBERS, min_size=1, max_size=12)), np.int64)
    integers = integers[generator.integers(0, len(integers), n_rows)]
    if draw(st.booleans()):
        source = draw(NAMES)
        integers = np.where(generator.random(n_rows) < 0.5, known[source].integers, integers)
    if draw(st.booleans()):
        integers = np.repeat(integers, 3)[:n_rows]
    live = None if draw(st.booleans()) else generator.random(n_rows) < draw(st.floats(0, 1))
    integers = integers if live is None else np.where(live, integers, 0)
    starts = np.unique([0, *draw(st.lists(st.integers(0, max(n_rows - 1, 0)), max_size=2))])
    return Case(model, known, Sequence(integers, live), starts)


def known_rows(case: Case) -> KnownRows:
    """The rows of a case, with the sub-columns that its model asks for and no other."""
    known = KnownRows(len(case.sequence.integers), COLUMNS, case.starts)
    for name in needs_of(case.model):
        known.add(name, case.known[name])
    return known


def damaged(content: bytes, data: st.DataObject) -> bytes:
    """A stream with bytes changed, cut off or put in."""
    places = st.integers(0, max(len(content) - 1, 0))
    for _ in range(data.draw(st.integers(1, 3))):
        place, put = data.draw(places), data.draw(st.binary(max_size=4))
        content = content[:place] + put + content[place + data.draw(st.integers(0, 4)) :]
    return content
