"""Strategies for whole tables: feature columns of every type beside kept columns of every kind."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa
from hypothesis import strategies as st

from tests.support.strategies.columns import kept_columns, numeric_columns

NAMES = ("x", "X", "a b", "a.b", "é🙂", "", "*", "[0]", "day", "x.list.element", "1", "key=value")


@dataclass(frozen=True)
class Sample:
    """A table, the names of its feature columns, and how it is written."""

    table: pa.Table
    features: tuple[str, ...]
    row_group_size: int
    use_dictionary: bool


@st.composite
def samples(draw: st.DrawFn, max_rows: int = 60) -> Sample:
    """Tables of one to six feature columns among kept ones, in any order."""
    n_rows = draw(st.integers(0, max_rows))
    numeric = draw(st.lists(numeric_columns(n_rows), min_size=1, max_size=6))
    other = draw(st.lists(kept_columns(n_rows), max_size=4))
    names = draw(st.permutations(NAMES))
    n_features = draw(st.integers(1, len(numeric)))  # the rest of the numbers is kept
    arrays = dict(zip(names, [*numeric, *other], strict=False))
    order = draw(st.permutations(list(arrays)))
    fields = [draw(fields_of(name, arrays[name])) for name in order]
    metadata = draw(st.sampled_from([None, {"origin": "test", "": "\n"}]))
    return Sample(
        pa.table([arrays[name] for name in order], pa.schema(fields, metadata)),
        tuple(name for name in order if name in names[:n_features]),
        draw(st.sampled_from([1, 2, 7, 20, 1000])),
        draw(st.booleans()),
    )


@st.composite
def fields_of(draw: st.DrawFn, name: str, array: pa.Array) -> pa.Field:
    """The field of a column: with metadata or without, not nullable if it can be."""
    is_nullable = array.null_count > 0 or array.type == pa.null() or draw(st.booleans())
    metadata = draw(st.sampled_from([None, {"unit": "kPa", "é": ""}]))
    return pa.field(name, array.type, is_nullable, metadata)
