"""A table model as bytes: what is packed is unpacked, and nothing else is read."""

from __future__ import annotations

import dataclasses

import numpy as np
from hypothesis import given, settings

from ae_pipeline.table.model import TableModel
from ae_pipeline.table.table_file import pack_table, unpack_table
from tests.support.strategies.table_models import COLUMNS, NAME, SUBCOLUMNS, Case, cases


def table_of(case: Case) -> TableModel:
    """A table with one model, after the sub-columns that it asks for."""
    return TableModel((*COLUMNS, NAME), (case.model,))


def assert_same(found: object, expected: object) -> None:
    """Compare dataclasses of arrays."""
    assert type(found) is type(expected)
    if isinstance(expected, np.ndarray):
        assert found.dtype == expected.dtype
        assert np.array_equal(found, expected)
    elif dataclasses.is_dataclass(expected):
        for field in dataclasses.fields(expected):
            assert_same(getattr(found, field.name), getattr(expected, field.name))
    elif isinstance(expected, tuple):
        assert len(found) == len(expected)
        for one, other in zip(found, expected, strict=True):
            assert_same(one, other)
    else:
        assert found == expected


@settings(max_examples=200)
@given(cases())
def test_round_trip(case: Case) -> None:
    """Every part of a model comes back."""
    table = table_of(case)
    assert_same(unpack_table(pack_table(table, SUBCOLUMNS), SUBCOLUMNS), table)
