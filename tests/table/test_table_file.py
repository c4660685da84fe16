"""A table model as bytes: what is packed is unpacked, and nothing else is read."""

from __future__ import annotations

import dataclasses
import tracemalloc
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ae_pipeline.mapping.subcolumn import SubColumn
from ae_pipeline.table.checks import check_table
from ae_pipeline.table.limits import MOST_DEPTH
from ae_pipeline.table.model import (
    Bins,
    Dependence,
    Hierarchy,
    Linear,
    Neighbour,
    Previous,
    Relation,
    Signal,
    SubColumnModel,
    TableModel,
    Term,
    Tree,
)
from ae_pipeline.table.subcolumn_coder import SubColumnCoder
from ae_pipeline.table.table_file import pack_table, unpack_table
from ae_pipeline.table.trees import right_children
from tests.support.golden.sub_columns import CASES
from tests.support.strategies.table_models import (
    COLUMNS,
    NAME,
    SUBCOLUMNS,
    Case,
    cases,
    damaged,
    known_rows,
)


def table_of(case: Case) -> TableModel:
    """A table with one model, after the sub-columns that it asks for."""
    return TableModel((*COLUMNS, NAME), (case.model,))


def assert_same(found: object, expected: object) -> None:
    """Compare dataclasses of arrays."""
    assert type(found) is type(expected)
    if isinstance(expected, np.ndarray):
        assert found.dtype == expected.dtype
        assert np.array_equal(found, expected)
    elif dataclasses.is_dataclass(expected):
        for field in dataclasses.fields(expected):
            assert_same(getattr(found, field.name), getattr(expected, field.name))
    elif isinstance(expected, tuple):
        assert len(found) == len(expected)
        for one, other in zip(found, expected, strict=True):
            assert_same(one, other)
    else:
        assert found == expected


@settings(max_examples=200)
@given(cases())
def test_round_trip(case: Case) -> None:
    """Every part of a model comes back."""
    table = table_of(case)
    assert_same(unpack_table(pack_table(table, SUBCOLUMNS), SUBCOLUMNS), table)


@settings(max_examples=300)
@given(cases(), st.data())
def test_damaged_tables(case: Case, data: st.DataObject) -> None:
    """A damaged table is refused, or it is a model that codes any integers."""
    content = damaged(pack_table(table_of(case), SUBCOLUMNS), data)
    try:
        models = unpack_table(content, SUBCOLUMNS).models
    except ValueError:
        return
    for model in models:
        if model.name == NAME:
            coder = SubColumnCoder(model)
            rows = replace(case, model=model)
            stream = coder.encode(known_rows(rows), case.sequence)
            decoded = coder.decode(stream, known_rows(rows), case.sequence.live)
            assert np.array_equal(decoded, case.sequence.integers)


CLAIMS = {
    "many numbers": b"\xff\xff\xff\xff\x7f",
    "order of many": b"\x80\x80\x04\x02\0\0",
    "nothing": b"",
    "no flags": b"\x06\x02\0\0",
}


@pytest.mark.parametrize("name", CLAIMS)
def test_claims_of_sizes(name: str) -> None:
    """Sizes beyond what a table may have, or has, are refused before memory is claimed."""
    tracemalloc.start()
    with pytest.raises(ValueError, match=r"numbers|content|length"):
        unpack_table(CLAIMS[name], SUBCOLUMNS)
    assert tracemalloc.get_traced_memory()[1] < 1 << 20
    tracemalloc.stop()


def bent(**parts: Any) -> SubColumnModel:
    """A model with one part of another kind than it should be."""
    return replace(PLAIN, **parts)


def bins(low: list[int], high: list[int], *lists: list[int]) -> Bins:
    """Bins of which all or none list integers."""
    inside = np.array([n for one in lists for n in one], np.int64)
    counts = np.array([len(one) for one in lists] or [0] * len(low), np.int32)
    return Bins(np.array(low), np.array(high), counts, inside, np.ones(len(inside), np.uint8))


def asking(signal: Signal) -> Tree:
    """A tree of one leaf that has a signal."""
    return replace(PLAIN.tree, signals=(signal,))


PLAIN = CASES["plain"].model
ONE_TERM = (Term("kind", 1),)
LEVELS = Hierarchy(0, has_distances=False)
TABLE = Dependence(("kind",), np.array([2, 1]), np.array([0, 0]))
DEEP = [0] * (MOST_DEPTH + 1) + [-1] * (MOST_DEPTH + 2)
FORGED = {
    "keys twice": bent(keys=("kind", "kind")),
    "itself": bent(keys=(NAME,)),
    "shift": bent(base=Linear(0, 63, ())),
    "bias": bent(base=Linear(1 << 63, 0, ())),
    "weight": bent(base=Linear(0, 0, (Term("kind", 1 << 63),))),
    "labels": bent(labels=np.array([0, 0], np.int32)),
    "labels beyond": bent(labels=np.array([0, 2], np.int32)),
    "divisor": bent(guesses=(Relation(0, 0, ONE_TERM),)),
    "period": bent(guesses=(Relation(0, 1, ONE_TERM, 0, -1),)),
    "lag": bent(guesses=(Relation(0, 1, (Term("kind", 1, is_lag=True),)),)),
    "table descends": bent(guesses=(TABLE,)),
    "empty table": bent(guesses=(replace(TABLE, keys=TABLE.keys[:0], values=TABLE.keys[:0]),)),
    "other order": bent(follows=True, guesses=(Previous(("kind",)),)),
    "neighbours of none": bent(guesses=(Neighbour(is_right=False),)),
    "signal of neighbours": bent(tree=asking(Signal("left"))),
    "repeats in a hierarchy": bent(hierarchy=LEVELS, guesses=(Previous(),)),
    "changes in a hierarchy": bent(hierarchy=LEVELS, follows=True),
    "base without distances": bent(hierarchy=LEVELS, base=Linear(0, 0, ONE_TERM)),
    "middle": bent(hierarchy=Hierarchy(1 << 63, has_distances=True)),
    "left of one": bent(hierarchy=LEVELS, tree=asking(Signal("left", ("kind",)))),
    "many guesses": bent(guesses=(Previous(),) * 17),
    "bins overlap": bent(bins=bins([0, 5], [5, 9])),
    "bin upside down": bent(bins=bins([5], [0])),
    "list outside": bent(bins=bins([0], [5], [6])),
    "list descends": bent(bins=bins([0], [5], [3, 3])),
    "no frequency": bent(codes=np.zeros((1, 2), np.uint8)),
    "frequency": bent(codes=np.full((1, 2), 98, np.uint8)),
    "few codes": bent(codes=np.ones((1, 1), np.uint8)),
    "cycle": bent(tree=asking(Signal("cycle", ("time",), (0, 1)))),
    "cycle of none": bent(tree=asking(Signal("cycle", ("time",), (1,)))),
    "rank of none": bent(tree=asking(Signal("rank", ("kind",)))),
    "value of two": bent(tree=asking(Signal("value", ("kind", "place")))),
    "first of none": bent(tree=asking(Signal("first"))),
    "no prediction": bent(tree=asking(Signal("linear"))),
    "unknown": bent(tree=asking(Signal("value", ("nobody",)))),
    "asks for none": bent(tree=replace(PLAIN.tree, asks=np.array([0], np.int16))),
    "deep": bent(
        tree=Tree(
            (Signal("value", ("kind",)),),
            np.array(DEEP, np.int16),
            np.zeros(len(DEEP), np.int64),
            np.array(right_children(DEEP), np.int32),
        )
    ),
}


@pytest.mark.parametrize("name", FORGED)
def test_forged_models(name: str) -> None:
    """Models that break a rule are refused."""
    with pytest.raises(ValueError, match=r"model|permutation|tree"):
        check_table(TableModel((*COLUMNS, NAME), (FORGED[name],)), SUBCOLUMNS)


ORDERS = {
    "one twice": ("kind", "kind", "size", "time", "any", NAME),
    "one is missing": tuple(COLUMNS),
    "child first": ("size", "kind", "place", "time", "any", NAME),
}


@pytest.mark.parametrize("name", ORDERS)
def test_forged_orders(name: str) -> None:
    """Each sub-column has one place, after its parent."""
    with pytest.raises(ValueError, match=r"order|before"):
        check_table(TableModel(ORDERS[name], ()), SUBCOLUMNS)


def test_items_are_in_a_space_of_their_own() -> None:
    """Items come after their lengths, and no model asks for rows of another space."""
    lengths, item = SubColumn("n", "n", "length"), SubColumn("item", "n", "number", space="n")
    columns = [lengths, item]
    check_table(TableModel(("n", "item"), (replace(PLAIN, name="item"),)), columns)
    for model in (
        TableModel(("item", "n"), ()),
        TableModel(("n", "item"), (replace(PLAIN, name="item", keys=("n",)),)),
    ):
        with pytest.raises(ValueError, match=r"before|asks"):
            check_table(model, columns)
