"""Kernels: the same bytes and the same integers as numpy, whatever the model and the stream."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from ae_pipeline.mapping.subcolumn import Sequence
from ae_pipeline.table.known import KnownRows
from ae_pipeline.table.model import Bins, Hierarchy, Signal, SubColumnModel, Tree
from ae_pipeline.table.subcolumn_coder import SubColumnCoder
from tests.support.strategies.table_models import Case, cases, damaged, known_rows


def coders(model: SubColumnModel) -> tuple[SubColumnCoder, SubColumnCoder]:
    """A coder that uses numpy, and one that uses kernels."""
    return SubColumnCoder(model, is_compiled=False), SubColumnCoder(model, is_compiled=True)


def decoded(coder: SubColumnCoder, content: bytes, case: Case) -> list[int] | str:
    """Integers of a stream, or why it is none."""
    try:
        return coder.decode(content, known_rows(case), case.sequence.live).tolist()
    except ValueError as error:
        return str(error)


@settings(max_examples=300)
@given(cases())
def test_same_bytes(case: Case) -> None:
    """A stream does not tell which of the two wrote it."""
    plain, compiled = coders(case.model)
    assert compiled.encode(known_rows(case), case.sequence) == plain.encode(
        known_rows(case), case.sequence
    )


@settings(max_examples=300)
@given(cases(), st.data())
def test_same_damage(case: Case, data: st.DataObject) -> None:
    """A damaged stream decodes to the same integers, or is refused for the same reason."""
    plain, compiled = coders(case.model)
    content = damaged(plain.encode(known_rows(case), case.sequence), data)
    assert decoded(compiled, content, case) == decoded(plain, content, case)


def test_many_rows() -> None:
    """Blocks in which every level, leaf and bin has many rows are the same, too."""
    generator = np.random.default_rng(0)
    integers = np.cumsum(generator.integers(-900, 900, 30_000)) * (1 << 40)
    integers[::7] = generator.integers(-5, 5, len(integers[::7]))
    known = KnownRows(len(integers), {})
    for hierarchy in (None, Hierarchy(0, has_distances=True)):
        plain, compiled = coders(wide_model(hierarchy))
        content = plain.encode(known, Sequence(integers, None))
        assert compiled.encode(known, Sequence(integers, None)) == content
        assert np.array_equal(compiled.decode(content, known, None), integers)
        assert np.array_equal(plain.decode(content, known, None), integers)


def wide_model(hierarchy: Hierarchy | None) -> SubColumnModel:
    """Bins of one integer up to 2^63 integers, and a list; two leaves in a hierarchy."""
    low = np.array([-(1 << 62), -(1 << 20), -5, 7, 1 << 19, 1 << 40], np.int64)
    high = np.array([-(1 << 45), -6, 4, 7, 1 << 20, 1 << 62], np.int64)
    inside = np.array([-5, -3, -2, 0, 1, 4], np.int64)
    bins = Bins(
        low,
        high,
        np.array([0, 0, 6, 0, 0, 0], np.int32),
        inside,
        np.array([9, 3, 1, 0, 20, 7], np.uint8),
    )
    leaf = Tree((), np.full(1, -1, np.int16), np.zeros(1, np.int64), np.zeros(1, np.int32))
    if hierarchy is not None:
        asks, rights = np.array([0, -1, -1], np.int16), np.array([2, 0, 0], np.int32)
        leaf = Tree((Signal("gap"),), asks, np.array([100, 0, 0], np.int64), rights)
    codes = np.random.default_rng(1).integers(1, 40, ((len(leaf.asks) + 1) // 2, 7))
    nothing = np.zeros(0, np.int32)
    return SubColumnModel(
        "wide", (), None, False, nothing, (), bins, leaf, codes.astype(np.uint8), hierarchy
    )
