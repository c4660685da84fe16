"""Coding of one sub-column: whatever the model and the integers, what is encoded is decoded."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings

from ae_pipeline.table.known import KnownRows
from ae_pipeline.table.subcolumn_coder import SubColumnCoder
from tests.support.strategies.table_models import COLUMNS, Case, cases


def known_rows(case: Case) -> KnownRows:
    """The rows of a case, with the sub-columns that its model asks for and no other."""
    known = KnownRows(len(case.sequence.integers), COLUMNS, case.starts)
    for name in SubColumnCoder(case.model).needs:
        known.add(name, case.known[name])
    return known


@settings(max_examples=400)
@given(cases())
def test_round_trip(case: Case) -> None:
    """Any integers come back from any model, also those that it has never seen."""
    coder = SubColumnCoder(case.model)
    content = coder.encode(known_rows(case), case.sequence)
    decoded = coder.decode(content, known_rows(case), case.sequence.live)
    assert np.array_equal(decoded, case.sequence.integers)
