"""Columns by the mapping of their storage type, generated ones of any nesting among them."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ae_pipeline.mapping.fitting import fit_mapping
from tests.support.mapped import check_round_trip, fit_and_check

TEXTS = [pa.string(), pa.large_string(), pa.string_view()]
BYTES = [pa.binary(), pa.large_binary(), pa.binary_view(), pa.binary(2)]
DICTIONARIES = [
    pa.dictionary(pa.int8(), pa.string()),
    pa.dictionary(pa.uint16(), pa.int64(), ordered=True),
    pa.dictionary(pa.int32(), pa.string(), ordered=True),
    pa.dictionary(pa.int32(), pa.binary()),
]
OTHERS = [pa.int32(), pa.bool_(), pa.float64(), pa.null()]


def nested(inner: st.SearchStrategy[pa.DataType]) -> st.SearchStrategy[pa.DataType]:
    """Types with one of `inner` inside."""
    lists = [pa.list_, pa.large_list, pa.list_view, pa.large_list_view]
    structs = st.lists(inner, max_size=3).map(
        lambda kinds: pa.struct([(f"f{i}", kind) for i, kind in enumerate(kinds)])
    )
    return st.one_of(
        st.tuples(st.sampled_from(lists), inner).map(lambda pair: pair[0](pair[1])),
        st.tuples(inner, st.integers(0, 2)).map(lambda pair: pa.list_(*pair)),
        inner.map(lambda kind: pa.map_(pa.string(), kind)),
        structs,
    )


KINDS = st.recursive(st.sampled_from(TEXTS + BYTES + DICTIONARIES + OTHERS), nested, max_leaves=4)


def values(kind: pa.DataType) -> st.SearchStrategy[object]:
    """Values of a type, and null."""
    if pa.types.is_dictionary(kind):
        return values(kind.value_type)
    some: st.SearchStrategy[object]
    if pa.types.is_null(kind):
        some = st.none()
    elif kind in TEXTS:
        some = st.sampled_from(["", "a", "b\0", "é", "x1", "2013-05-01"]) | st.text(max_size=5)
    elif kind in BYTES:
        some = st.binary(min_size=2, max_size=2)
    elif pa.types.is_integer(kind):
        some = st.integers(-(2**31), 2**31 - 1)
    elif pa.types.is_boolean(kind):
        some = st.booleans()
    elif pa.types.is_floating(kind):
        some = st.integers(0, 100).map(lambda number: number / 10)
    elif pa.types.is_map(kind):
        some = st.lists(st.tuples(st.text(max_size=2), values(kind.item_type)), max_size=3)
    elif pa.types.is_struct(kind):
        some = st.fixed_dictionaries({field.name: values(field.type) for field in kind})
    else:
        size = kind.list_size if pa.types.is_fixed_size_list(kind) else None
        some = st.lists(
            values(kind.value_type), min_size=size or 0, max_size=3 if size is None else size
        )
    return some | st.none()


@st.composite
def columns(draw: st.DrawFn) -> tuple[pa.Array, pa.Array]:
    """A sample, and a slice of another column of its type."""
    kind = draw(KINDS)
    sample, other = (pa.array(draw(st.lists(values(kind), max_size=10)), kind) for _ in range(2))
    return sample, other[draw(st.integers(0, max(len(other) - 1, 0))) :]


@settings(max_examples=60, deadline=None)
@given(columns())
def test_any_column_comes_back(pair: tuple[pa.Array, pa.Array]) -> None:
    """Columns of any type come back, whether or not the codec was fitted to them."""
    sample, array = pair
    fit_and_check(array, sample)
    fit_and_check(array)


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string()], ids=str)
def test_text_that_is_not_utf8(kind: pa.DataType) -> None:
    """Bytes of a text column come back even if they are no UTF-8."""
    broken = pa.array([b"\xff\xfe", None, b"a", b"\xc3"] * 20, pa.large_binary())
    array = pa.Array.from_buffers(pa.large_string(), 80, broken.buffers()).cast(kind)
    fit_and_check(array)
    fit_and_check(array, array[:0])


def test_order_of_a_dictionary() -> None:
    """An ordered dictionary keeps its values in order, in blocks that have another one too."""
    kind = pa.dictionary(pa.int8(), pa.string(), ordered=True)
    fitted, other = (
        pa.DictionaryArray.from_arrays(pa.array([0, 1, None], pa.int8()), labels, ordered=True)
        for labels in (["low", "high", "unused"], ["high", "new"])
    )
    mapping = fit_mapping("a", fitted, 1.0)
    for array in (fitted, other):
        split = check_round_trip(mapping, array)
        result = mapping.join(split.sequences, split.side, split.is_whole, 3)
        assert result.type == kind
        assert result.dictionary.equals(array.dictionary)
    assert len(mapping.split(fitted).side) < len(mapping.split(other).side)


def test_extension_by_its_storage() -> None:
    """An extension type is mapped as its storage, and comes back as itself."""
    tensors = pa.FixedShapeTensorArray.from_numpy_ndarray(
        pa.array(range(24), pa.float32()).to_numpy().reshape(4, 2, 3)
    )
    fit_and_check(tensors)


@pytest.mark.parametrize(
    "array",
    [
        pa.RunEndEncodedArray.from_arrays(pa.array([2, 3], pa.int32()), pa.array(["a", None])),
        pa.UnionArray.from_dense(
            pa.array([0, 1, 0], pa.int8()),
            pa.array([0, 0, 1], pa.int32()),
            [pa.array([1, 2]), pa.array(["a"])],
        ),
    ],
    ids=["run-end encoded", "union"],
)
def test_other_types_are_whole(array: pa.Array) -> None:
    """Columns of types that nothing is known of are kept whole."""
    assert fit_and_check(array).subcolumns == ()
