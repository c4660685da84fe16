"""Strategies for types of any nesting, and values of them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import numpy as np
import pyarrow as pa
from hypothesis import strategies as st


@st.composite
def trees(draw: st.DrawFn, depth: int = 3) -> pa.DataType:
    """Types of any nesting, with floats at the bottom of some."""
    leaves = st.sampled_from(LEAVES)
    if depth == 0:
        return draw(leaves)
    inner = draw(trees(depth - 1))
    return draw(
        st.sampled_from(
            [
                inner,
                pa.list_(inner),
                pa.large_list(inner),
                pa.list_view(inner),
                pa.list_(inner, 2),
                pa.struct([("a", inner), ("b", pa.float32())]),
                pa.struct([]),
                pa.map_(pa.string(), inner),
            ]
        )
    )


LEAVES = [
    *(pa.float16(), pa.float32(), pa.float64(), pa.null(), pa.bool_(), pa.int8(), pa.uint64()),
    *(pa.string(), pa.large_string(), pa.string_view(), pa.binary(), pa.binary_view()),
    *(pa.binary(2), pa.decimal32(4, 2), pa.decimal128(20, 2), pa.duration("us"), pa.time32("s")),
    *(pa.month_day_nano_interval(), pa.date32()),
]


def value_of(kind: pa.DataType, draw: st.DrawFn) -> object:
    """A value of a type, often null, NaN or minus zero."""
    types = pa.types
    if draw(st.integers(0, 4)) == 0 or types.is_null(kind):
        return None
    if types.is_struct(kind):
        return {field.name: value_of(field.type, draw) for field in kind}
    if types.is_map(kind):
        return [(key, value_of(kind.item_type, draw)) for key in draw(st.sampled_from(["", "kl"]))]
    if types.is_fixed_size_list(kind):
        return [value_of(kind.value_type, draw) for _ in range(kind.list_size)]
    if types.is_nested(kind):
        return [value_of(kind.value_type, draw) for _ in range(draw(st.integers(0, 3)))]
    return leaf_value(kind, draw)


def leaf_value(kind: pa.DataType, draw: st.DrawFn) -> object:
    """A value of a type that is not nested."""
    types = pa.types
    if types.is_floating(kind):
        number = draw(st.sampled_from([np.nan, 0.0, -0.0, 1.5, np.inf]))
        return np.float16(number) if types.is_float16(kind) else number
    pool = {
        pa.binary(2): [b"ab", b"\0\0"],
        pa.bool_(): [True, False],
        pa.date32(): [date(2026, 1, 1), date(1, 1, 1)],
        pa.month_day_nano_interval(): [(1, 2, 3), (0, 0, 1)],
        pa.decimal32(4, 2): [Decimal("1.25"), Decimal(0)],
        pa.decimal128(20, 2): [Decimal("1.25"), Decimal(0)],
    }
    is_text = types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind)
    texts = ["", "a", "longer than twelve bytes"]
    is_bytes = types.is_binary(kind) or types.is_binary_view(kind)
    others = texts if is_text else [text.encode() for text in texts] if is_bytes else [0, 1, 7]
    return draw(st.sampled_from(pool.get(kind, others)))
