"""Thrift's compact protocol: trees survive their bytes, and chosen fields are those of the tree."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ae_pipeline.parquet.thrift import (
    BINARY,
    DOUBLE,
    I32,
    I64,
    LIST,
    STRUCT,
    Each,
    Items,
    Struct,
    Take,
    Thrift,
    write_value,
)

integers = st.integers(-(1 << 63), (1 << 63) - 1)
texts = st.lists(st.text(), max_size=20)


def structs(inner: st.SearchStrategy[Struct]) -> st.SearchStrategy[Struct]:
    """Structs of numbers, bytes, lists and structs, their fields in order."""
    fields = st.one_of(
        st.tuples(st.sampled_from((I32, I64)), integers),
        st.tuples(st.just(BINARY), st.binary()),
        st.tuples(st.just(DOUBLE), st.binary(min_size=8, max_size=8)),
        st.tuples(st.just(STRUCT), inner),
        st.tuples(
            st.just(LIST), st.lists(inner, max_size=20).map(lambda it: Items(STRUCT, tuple(it)))
        ),
    )
    numbered = st.dictionaries(st.integers(1, 60), fields, max_size=5)
    return numbered.map(lambda by: tuple((number, *by[number]) for number in sorted(by)))


trees = st.recursive(st.just(()), structs, max_leaves=20)


@given(trees)
def test_trees_survive_their_bytes(tree: Struct) -> None:
    """A struct that was written is taken whole, and not a byte more; skipping it takes as many."""
    content = write_value(STRUCT, tree)
    reader, skipper = Thrift(content), Thrift(content)
    assert reader.value(STRUCT) == tree
    skipper.skip(STRUCT)
    assert reader.position == skipper.position == len(content)


@given(trees, st.sets(st.integers(1, 60)))
def test_selected_fields_are_those_of_the_tree(tree: Struct, wanted: set[int]) -> None:
    """Selecting gives the wanted fields that are there, and passes over the others."""
    thrift = Thrift(write_value(STRUCT, tree))
    found = thrift.select(dict.fromkeys(wanted, Take.WHOLE))
    assert found == {number: value for number, _, value in tree if number in wanted}


@given(integers, texts)
def test_fields_of_structs_in_lists(number: int, names: list[str]) -> None:
    """Integers and texts are reached through lists of structs."""
    words = Items(BINARY, tuple(name.encode() for name in names))
    inner = ((1, BINARY, b"skipped"), (3, LIST, words), (7, I64, number))
    content = write_value(STRUCT, ((4, LIST, Items(STRUCT, (inner, ()))),))
    wanted = {4: Each({3: Take.TEXTS, 7: Take.INTEGER})}
    assert Thrift(content).select(wanted) == {4: [{3: names, 7: number}, {}]}


@pytest.mark.parametrize("wanted", [Take.TEXTS, {1: Take.WHOLE}, Each({1: Take.WHOLE})])
def test_a_field_of_another_kind_is_damage(wanted: Take | dict[int, Take] | Each) -> None:
    """A field that is not what it is asked to be is refused."""
    with pytest.raises(ValueError, match="a field of kind"):
        Thrift(write_value(STRUCT, ((1, I32, 5),))).select({1: wanted})


def test_a_struct_is_no_list_of_structs() -> None:
    """Damage that turns a list of structs into one struct, or back, is refused."""
    one = Thrift(write_value(STRUCT, ((1, STRUCT, ((1, I32, 5),)),)))
    with pytest.raises(ValueError, match="a field of kind"):
        one.select({1: Each({1: Take.INTEGER})})
    several = Thrift(write_value(STRUCT, ((1, LIST, Items(STRUCT, (((1, I32, 5),),))),)))
    with pytest.raises(ValueError, match="a field of kind"):
        several.select({1: {1: Take.INTEGER}})


@given(trees)
def test_cut_bytes_are_damage(tree: Struct) -> None:
    """Bytes that end too early are refused, whatever is taken of them."""
    content = write_value(STRUCT, tree)
    for take in (lambda one: one.value(STRUCT), lambda one: one.skip(STRUCT)):
        with pytest.raises((ValueError, IndexError)):
            take(Thrift(content[:-1]))
