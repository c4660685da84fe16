"""Decimals of more than 64 bits come back from limbs."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ae_pipeline.mapping import fit_mapping, mapping_from_json, mapping_to_json
from ae_pipeline.mapping.scalar.wide import WideMapping
from ae_pipeline.mapping.subcolumn import Sequence

DIGITS = {"decimal128": 38, "decimal256": 76}


def wide(kind: str) -> pa.DataType:
    """Return the widest type of a kind, with two decimal places."""
    return getattr(pa, kind)(DIGITS[kind], 2)


@pytest.mark.parametrize("kind", DIGITS)
@given(data=st.data())
def test_round_trip(kind: str, data: st.DataObject) -> None:
    """Any decimals and nulls come back bit for bit, from a mapping read from its JSON."""
    limit = 10 ** DIGITS[kind] - 1
    number = st.integers(-limit, limit).map(lambda unscaled: Decimal(f"{unscaled}e-2"))
    values = data.draw(st.lists(st.none() | number, max_size=20))
    array = pa.array(values, wide(kind))
    fitted = WideMapping("amount", wide(kind), data.draw(st.booleans()))
    mapping = mapping_from_json(mapping_to_json(fitted), "amount", wide(kind), ())
    split = mapping.split(array)
    assert mapping.join(split.sequences, split.side, split.is_whole, len(array)).equals(array)


def test_many_wide_values_make_limbs() -> None:
    """A column whose values do not fit 64 bits is mapped to limbs, one whose do to integers."""
    wide_ones = pa.array([Decimal(2**70 + place) for place in range(30)], pa.decimal128(30, 0))
    narrow = pa.array([Decimal(place) for place in range(30)], pa.decimal128(30, 0))
    assert [one.name for one in fit_mapping("a", wide_ones, 1.0).subcolumns] == [
        "a/2",
        "a/1",
        "a/0",
    ]
    assert fit_mapping("a", narrow, 1.0).kind == "integer"


def test_sums_stay_sums() -> None:
    """The lowest limbs of two summands add up to that of their sum, modulo 2^48."""
    kind = pa.decimal128(38, 0)
    columns = [pa.array([Decimal(2**66 * factor - 1)], kind) for factor in (3, 5)]
    total = pa.array([Decimal(2**66 * 8 - 2)], kind)
    mapping = WideMapping("a", kind, has_nulls=False)
    low = [mapping.split(one).sequences["a/0"].integers for one in (*columns, total)]
    assert ((low[0] + low[1]) % 2**48 == low[2]).all()


def test_forged_limbs_are_refused() -> None:
    """Limbs outside of their range are refused."""
    mapping = WideMapping("a", pa.decimal128(38, 0), has_nulls=False)
    split = mapping.split(pa.array([Decimal(7)], mapping.type))
    for name, limb in (("a/0", -1), ("a/1", 1 << 48), ("a/2", 1 << 31)):
        forged = {**split.sequences, name: Sequence(np.array([limb], np.int64), None)}
        with pytest.raises(ValueError, match="out of range"):
            mapping.join(forged, b"", False, 1)
