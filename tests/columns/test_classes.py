"""How well categories come back: accuracy and F1 of sums that merge."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ae_pipeline.columns import ClassCounts

Pairs = st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("abcd")), max_size=20)


def counted(pairs: list[tuple[str, str]]) -> ClassCounts:
    """The counts of pairs of a value and what came back."""
    theirs, ours = (pa.array([pair[side] for pair in pairs], pa.string()) for side in (0, 1))
    return ClassCounts.of(theirs, ours)


@given(Pairs.filter(bool), st.integers(0, 20))
def test_scores(pairs: list[tuple[str, str]], cut: int) -> None:
    """Accuracy and macro F1 over the source's values, in one part or two."""
    scores = []
    for value in {theirs for theirs, _ in pairs}:
        n_right = sum(pair == (value, value) for pair in pairs)
        n_wrong = sum((value in pair) and pair[0] != pair[1] for pair in pairs)
        scores.append(2 * n_right / (2 * n_right + n_wrong))
    for found in (counted(pairs), counted(pairs[:cut]).merge(counted(pairs[cut:]))):
        assert found.accuracy == sum(one == two for one, two in pairs) / len(pairs)
        assert found.macro_f1 == pytest.approx(sum(scores) / len(scores))


def test_without_rows() -> None:
    """There is no score of nothing."""
    assert (ClassCounts().accuracy, ClassCounts().macro_f1) == (None, None)


@pytest.mark.parametrize(
    "column",
    [
        pa.array([True, False, None]),
        pa.array([1, -2, None], pa.int8()),
        pa.array(["a", "", None], pa.large_string()),
        pa.array(["a", "b", None]).dictionary_encode(),
        pa.array([b"\xff", b"a", None]).view(pa.string()),
    ],
    ids=str,
)
def test_every_type(column: pa.Array) -> None:
    """Columns of every type of category are counted, nulls left out."""
    found = ClassCounts.of(column, column)
    assert (found.truth.total(), found.accuracy, found.macro_f1) == (2, 1.0, 1.0)
    moved = ClassCounts.of(column, column.take(pa.array([1, 0, 2])))
    assert (moved.accuracy, moved.macro_f1) == (0.0, 0.0)
