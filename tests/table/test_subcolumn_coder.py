"""Coding of one sub-column: whatever the model and the integers, what is encoded is decoded."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ae_pipeline.mapping.subcolumn import Sequence
from ae_pipeline.table.model import Bins, SubColumnModel, TableModel
from ae_pipeline.table.subcolumn_coder import SubColumnCoder
from ae_pipeline.table.table_file import pack_table, unpack_table
from tests.support.format_reader.sub_column import Rows, read_sub_column
from tests.support.format_reader.table_model import ModelFile
from tests.support.golden.sub_columns import CASES, FOLDER, KNOWN, N_ROWS
from tests.support.golden.sub_columns import known_rows as golden_rows
from tests.support.strategies.table_models import (
    COLUMNS,
    NAME,
    SUBCOLUMNS,
    Case,
    cases,
    damaged,
    known_rows,
)

#: With numpy, and with kernels.
BOTH = pytest.mark.parametrize("is_compiled", [False, True])


@BOTH
@settings(max_examples=400)
@given(case=cases())
def test_round_trip(is_compiled: bool, case: Case) -> None:
    """Any integers come back from any model, also those that it has never seen."""
    coder = SubColumnCoder(case.model, is_compiled)
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


@BOTH
@settings(max_examples=300)
@given(case=cases(), data=st.data())
def test_damaged_streams(is_compiled: bool, case: Case, data: st.DataObject) -> None:
    """A damaged stream decodes to as many integers as there are rows, or is refused."""
    coder = SubColumnCoder(case.model, is_compiled)
    content = damaged(coder.encode(known_rows(case), case.sequence), data)
    try:
        decoded = coder.decode(content, known_rows(case), case.sequence.live)
    except ValueError:
        return
    assert len(decoded) == len(case.sequence.integers)


@BOTH
@pytest.mark.parametrize("content", [b"\1", b"\0\0", b"\0\1\2\0", b"\0\1\2\3\4\5\6\7\10"])
def test_what_is_no_stream(content: bytes, is_compiled: bool) -> None:
    """Streams that end too early or too late, or in zeros, are refused."""
    case = CASES["plain"]
    with pytest.raises(ValueError, match=r"stream|content"):
        SubColumnCoder(case.model, is_compiled).decode(content, golden_rows(), None)


def test_no_rows() -> None:
    """A block without integers takes no bytes, and a stream of one is refused."""
    coder, live = SubColumnCoder(CASES["plain"].model), np.zeros(N_ROWS, bool)
    sequence = Sequence(np.zeros(N_ROWS, np.int64), live)
    assert coder.encode(golden_rows(), sequence) == b""
    assert not coder.decode(b"", golden_rows(), live).any()
    with pytest.raises(ValueError, match="no rows"):
        coder.decode(b"\0\1", golden_rows(), live)


@BOTH
@pytest.mark.parametrize("name", CASES)
def test_golden_streams(name: str, is_compiled: bool) -> None:
    """Streams that were written once are read for good, by us and by a reader of the format."""
    golden = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    model, stream = bytes.fromhex(golden["model"]), bytes.fromhex(golden["stream"])
    table = unpack_table(model, SUBCOLUMNS)
    live = None if golden["live"] is None else np.array(golden["live"])
    coder = SubColumnCoder(table.models[0], is_compiled)
    assert coder.decode(stream, golden_rows(), live).tolist() == golden["integers"]
    sequence = Sequence(np.array(golden["integers"], np.int64), live)
    case = Case(table.models[0], dict(KNOWN), sequence, np.zeros(1, np.int64))
    assert read_with_specification(model, stream, case) == listed(sequence)
    assert {known: KNOWN[known].integers.tolist() for known in KNOWN} == golden["known"]


@BOTH
@pytest.mark.parametrize("name", sorted({*CASES} - {"escapes"}))  # those are pcodec's bytes
def test_golden_bytes(name: str, is_compiled: bool) -> None:
    """The same integers are the same bytes, on every machine and in every release."""
    golden = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    case = CASES[name]
    stream = SubColumnCoder(case.model, is_compiled).encode(golden_rows(), case.sequence)
    assert stream.hex() == golden["stream"]


@BOTH
def test_models_of_one_token(is_compiled: bool) -> None:
    """A model without bins and guesses escapes everything."""
    nothing = CASES["plain"].model.bins
    bins = Bins(*(array[:0] for array in dataclasses.astuple(nothing)))
    model = dataclasses.replace(CASES["plain"].model, bins=bins, codes=np.ones((1, 1), np.uint8))
    coder, sequence = SubColumnCoder(model, is_compiled), Sequence(np.arange(N_ROWS), None)
    content = coder.encode(golden_rows(), sequence)
    assert np.array_equal(coder.decode(content, golden_rows(), None), sequence.integers)
