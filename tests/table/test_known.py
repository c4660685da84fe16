"""Known rows: signals of several runs are those of each run alone; all else is refused."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ae_pipeline.mapping.subcolumn import Sequence
from ae_pipeline.table.known import KnownRows, wrapped
from ae_pipeline.table.model import Signal
from tests.support.strategies.table_models import COLUMNS, known_sequences, same_randomness, signals


@st.composite
def asked_signals(draw: st.DrawFn) -> Signal:
    """A signal of any kind."""
    with same_randomness():
        return draw(signals())


@settings(max_examples=200)
@given(asked_signals(), st.integers(1, 80), st.integers(0, 9), st.sets(st.integers(0, 79)))
def test_runs(signal: Signal, n_rows: int, seed: int, starts: set[int]) -> None:
    """A run knows nothing of the rows of another."""
    sequences = known_sequences(n_rows, seed)
    edges = sorted({0, *(start for start in starts if start < n_rows)})
    together = KnownRows(n_rows, COLUMNS, np.array(edges))
    for name, sequence in sequences.items():
        together.add(name, sequence)
    apart = []
    for start, end in zip(edges, [*edges[1:], n_rows], strict=True):
        run = KnownRows(end - start, COLUMNS)
        for name, sequence in sequences.items():
            live = None if sequence.live is None else sequence.live[start:end]
            run.add(name, Sequence(sequence.integers[start:end], live))
        apart.append(run.signal(signal))
    assert together.signal(signal).tolist() == np.concatenate(apart).tolist()


def test_what_is_not_known() -> None:
    """Sub-columns that are not known, or that have other rows, are named in an error."""
    known = KnownRows(3, COLUMNS)
    with pytest.raises(ValueError, match="'kind' is not known"):
        known.value("kind")
    with pytest.raises(ValueError, match="2 integers of 'kind' in 3 rows"):
        known.add("kind", Sequence(np.zeros(2, np.int64), None))
    assert "kind" not in known


@given(st.integers(-(1 << 200), 1 << 200))
def test_wrapped(number: int) -> None:
    """An integer of any size becomes one of 64 bits."""
    assert (int(wrapped(number)) - number) % (1 << 64) == 0
