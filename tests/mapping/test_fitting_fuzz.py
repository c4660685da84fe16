from __future__ import annotations
from hypothesis import given, settings, strategies as st, HealthCheck
import pyarrow as pa
from tests.support.mapped import *

leaf = st.sampled_from(
    [
        pa.string(),
        pa.large_string(),
        pa.string_view(),
        pa.binary(),
        pa.large_binary(),
        pa.binary_view(),
        pa.binary(2),
        pa.int32(),
        pa.bool_(),
        pa.float64(),
        pa.null(),
        pa.dictionary(pa.int8(), pa.string()),
        pa.dictionary(pa.uint16(), pa.int64(), True),
        pa.dictionary(pa.int32(), pa.string(), True),
        pa.dictionary(pa.int32(), pa.binary()),
    ]
)


def nest(inner):
    return st.one_of(
        inner.map(pa.list_),
        inner.map(pa.large_list),
        inner.map(pa.list_view),
        inner.map(pa.large_list_view),
        inner.map(lambda t: pa.list_(t, 2)),
        inner.map(lambda t: pa.list_(t, 0)),
        inner.map(lambda t: pa.map_(pa.string(), t)),
        st.lists(inner, max_size=3).map(
            lambda ts: pa.struct([pa.field(f"f{i}", t) for i, t in enumerate(ts)])
        ),
        inner.map(lambda t: pa.list_(pa.field("x", t, nullable=True))),
    )


kinds = st.recursive(leaf, nest, max_leaves=4)


def values(t):
    T = pa.types
    if T.is_dictionary(t):
        return values(t.value_type).filter(lambda v: v is not None) | st.none()
    if T.is_null(t):
        v = st.none()
    elif T.is_string(t) or T.is_large_string(t) or T.is_string_view(t):
        v = st.sampled_from(["", "a", "b\0", "é", "x1", "2013-05-01"]) | st.text(max_size=5)
    elif T.is_fixed_size_binary(t):
        v = st.binary(min_size=2, max_size=2)
    elif T.is_binary(t) or T.is_large_binary(t) or T.is_binary_view(t):
        v = st.binary(max_size=4)
    elif T.is_integer(t):
        v = st.integers(-(2**31), 2**31 - 1)
    elif T.is_boolean(t):
        v = st.booleans()
    elif T.is_floating(t):
        v = st.floats() | st.integers(0, 100).map(lambda x: x / 10)
    elif T.is_fixed_size_list(t):
        v = st.lists(values(t.value_type), min_size=t.list_size, max_size=t.list_size)
    elif T.is_map(t):
        v = st.lists(st.tuples(st.text(max_size=2), values(t.item_type)), max_size=3)
    elif T.is_struct(t):
        v = st.fixed_dictionaries({f.name: values(f.type) for f in t})
    else:
        v = st.lists(values(t.value_type), max_size=3)
    return v | st.none()


def make(t, vals):
    # pa.array cannot make dictionaries inside nested types directly
    try:
        return pa.array(vals, t)
    except (pa.ArrowNotImplementedError,):
        return None


@settings(max_examples=1000, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_any(data):
    t = data.draw(kinds)
    a = make(t, data.draw(st.lists(values(t), max_size=12)))
    b = make(t, data.draw(st.lists(values(t), max_size=12)))
    if a is None or b is None:
        return
    i = data.draw(st.integers(0, max(len(b) - 1, 0)))
    fit_and_check(b[i:], a)
    fit_and_check(b[i:], b[i:])
