"""Integers that are no floats of a column are refused."""

from __future__ import annotations

import contextlib

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ae_pipeline.mapping.record import mapping_from_json
from ae_pipeline.mapping.scalar.rules import RULES
from ae_pipeline.mapping.scalar.scales import SingleScale
from ae_pipeline.mapping.subcolumn import Sequence

BASE = {"kind": "float", "has_nulls": False, "offset": 0, "step": 1}
FULL = {**BASE, "has_specials": True, "has_repairs": True}
TREES = [
    {**FULL, "scale": "decimal", "places": 2, "rule": "divide"},
    {**FULL, "scale": "digits", "digits": 15, "least": -300, "rule": "trim"},
    {**FULL, "scale": "single", "digits": 15, "rule": "divide"},
    {**FULL, "scale": "bits"},
]
INTEGERS = st.integers(-(1 << 63), (1 << 63) - 1) | st.integers(-3, 20)


@pytest.mark.parametrize("n_bits", [16, 32, 64])
@pytest.mark.parametrize("tree", TREES, ids=lambda tree: str(tree["scale"]))
@given(rows=st.lists(st.tuples(INTEGERS, INTEGERS, INTEGERS), min_size=1, max_size=5))
def test_any_integers_are_floats_or_refused(
    tree: dict[str, object], n_bits: int, rows: list[tuple[int, int, int]]
) -> None:
    """Forged integers give a column or a ValueError, nothing else and no warning."""
    if tree["scale"] == "single" and n_bits < 64:
        with pytest.raises(ValueError, match="printed"):
            mapping_from_json({**tree, "n_bits": n_bits}, "x", pa.float64(), ())
        return
    kind = pa.float64() if n_bits == 64 else pa.float32() if n_bits == 32 else pa.float16()
    mapping = mapping_from_json({**tree, "n_bits": n_bits}, "x", kind, ())
    columns = np.array(rows, np.int64).T
    names = [one.name for one in mapping.subcolumns]
    sequences = {
        name: Sequence(np.ascontiguousarray(column), None)
        for name, column in zip(names, columns, strict=True)
    }
    with contextlib.suppress(ValueError):
        assert len(mapping.join(sequences, b"", False, len(rows))) == len(rows)


@pytest.mark.parametrize("rule", sorted(RULES))
@given(whole=st.integers(0, 1 << 52), places=st.integers(0, 22))
def test_rules_differ_in_last_bits_alone(rule: str, whole: int, places: int) -> None:
    """Every rule gives the decimal number, up to a few floats."""
    (value,) = RULES[rule](np.array([float(whole)]), places)
    assert value == pytest.approx(whole / 10**places, rel=1e-15)


@given(st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), max_size=20))
@pytest.mark.parametrize("digits", [9, 12, 15])
def test_printed_singles(digits: int, values: list[float]) -> None:
    """Floats of 32 bits that were printed and read as float64 have numbers, if powers are exact."""
    printed = np.array([float(f"{value:.{digits - 1}e}") for value in values], np.float64)
    scale = SingleScale(digits, "divide")
    found = scale.value_of(scale.nearest(printed), printed.dtype)
    is_plain = (np.abs(printed) > 1e-7) & (np.abs(printed) < 10.0 ** (digits - 1))
    assert np.array_equal(found[is_plain], printed[is_plain])


@given(st.binary(max_size=40))
def test_forged_sides_are_refused(side: bytes) -> None:
    """Arbitrary bytes beside the integers give a column or a ValueError."""
    tree = {**BASE, "has_specials": False, "has_repairs": False, "n_bits": 64, "scale": "bits"}
    mapping = mapping_from_json(tree, "x", pa.float64(), ())
    with contextlib.suppress(ValueError):
        mapping.join({"x": Sequence(np.arange(5), None)}, side, False, 5)
        mapping.join({}, side, True, 5)
