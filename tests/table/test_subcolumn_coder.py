"""Coding of one sub-column: whatever the model and the integers, what is encoded is decoded."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings

from ae_pipeline.mapping.subcolumn import Sequence
from ae_pipeline.table.known import KnownRows
from ae_pipeline.table.model import SubColumnModel, TableModel
from ae_pipeline.table.subcolumn_coder import SubColumnCoder
from ae_pipeline.table.table_file import pack_table
from tests.support.format_reader.sub_column import Rows, read_sub_column
from tests.support.format_reader.table_model import ModelFile
from tests.support.strategies.table_models import COLUMNS, NAME, SUBCOLUMNS, Case, cases


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


@settings(max_examples=200)
@given(cases())
def test_format(case: Case) -> None:
    """A reader that knows the specification alone reads the model and the block."""
    one_run = Case(case.model, case.known, case.sequence, case.starts[:1])
    content = SubColumnCoder(case.model).encode(known_rows(one_run), case.sequence)
    found = read_with_specification(table_content(case.model), content, one_run)
    assert found == listed(case.sequence)


def read_with_specification(model: bytes, content: bytes, case: Case) -> list[int | None]:
    """Read a block with the reader that uses no line of the package."""
    _, models = ModelFile(model).table(len(SUBCOLUMNS))
    known = {number: listed(case.known[name]) for number, name in enumerate(COLUMNS)}
    meanings = {number: (c.offset, c.step) for number, c in enumerate(COLUMNS.values())}
    n_rows = len(case.sequence.integers)
    live = case.sequence.live
    is_live = [True] * n_rows if live is None else live.tolist()
    return read_sub_column(content, models[len(COLUMNS)], Rows(n_rows, known, meanings), is_live)


def listed(sequence: Sequence) -> list[int | None]:
    """Integers of all rows, None where there is none."""
    if sequence.live is None:
        return sequence.integers.tolist()
    pairs = zip(sequence.integers.tolist(), sequence.live.tolist(), strict=True)
    return [integer if is_live else None for integer, is_live in pairs]


def table_content(model: SubColumnModel) -> bytes:
    """A packed table with one model, after the sub-columns that it asks for."""
    return pack_table(TableModel((*COLUMNS, NAME), (model,)), SUBCOLUMNS)
