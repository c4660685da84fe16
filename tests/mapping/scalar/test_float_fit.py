"""The scale of a column of floats is the one that it was made on."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from ae_pipeline.mapping.base import Mapping
from ae_pipeline.mapping.fitting import fit_mapping
from ae_pipeline.mapping.record import mapping_to_json


def _fitted(values: Any, share: float = 1.0) -> tuple[Mapping, dict[str, Any]]:
    mapping = fit_mapping("x", pa.array(values), share)
    return mapping, mapping_to_json(mapping)


def test_decimals_are_found(generator: np.random.Generator) -> None:
    """Numbers of two places that are multiples of 0.25 are decimals with that step."""
    _, tree = _fitted(generator.integers(-400, 4000, 3000) * 25 / 100)
    assert (tree["scale"], tree["places"], tree["step"]) == ("decimal", 2, 25)


def test_printed_float32_is_found(generator: np.random.Generator) -> None:
    """Decimals that were parsed to float32 are decimals, also where float64 holds them."""
    printed = (generator.integers(0, 90000, 3000) / 1000).astype(np.float32)
    for values in (printed, printed.astype(np.float64)):
        _, tree = _fitted(values)
        assert (tree["scale"], tree["places"], tree["n_bits"]) == ("decimal", 3, 32)


def test_significant_digits_are_found(generator: np.random.Generator) -> None:
    """Numbers of four digits over many decades are numbers of four digits."""
    values = [float(f"{value:.3e}") for value in 10 ** generator.uniform(-6, 6, 3000)]
    _, tree = _fitted(values)
    assert (tree["scale"], tree["digits"]) == ("digits", 4)


def test_printed_singles_are_found(generator: np.random.Generator) -> None:
    """Floats of 32 bits that were printed with 15 digits are floats of 32 bits."""
    values = generator.normal(size=3000).astype(np.float32).tolist()
    mapping, tree = _fitted([float(f"{value:.15g}") for value in values])
    assert (tree["scale"], tree["digits"]) == ("single", 15)
    assert not mapping.split(pa.array([float(f"{value:.15g}") for value in values])).side


def test_half_of_the_values_may_be_ranks(generator: np.random.Generator) -> None:
    """Where the sample is all there is, values that come twice are worth a table, else not."""
    values = generator.normal(size=2000)[generator.integers(0, 2000, 5000)]
    assert _fitted(values)[1]["scale"] == "rank"
    assert _fitted(values, 3.0)[1]["scale"] != "rank"


def test_few_values_are_ranks_where_the_table_pays(generator: np.random.Generator) -> None:
    """A few odd values are a table if they are used often, and bits if they are not."""
    table = generator.normal(size=300)
    assert _fitted(table[generator.integers(0, 300, 6000)])[1]["scale"] == "rank"
    assert _fitted(generator.normal(size=600))[1]["scale"] == "bits"


def test_other_parsers_are_repaired(generator: np.random.Generator) -> None:
    """Where one file was parsed by another rule, a category says so, the same in all its rows."""
    whole = generator.integers(10**5, 10**6, 8000).astype(np.float64)
    right, wrong = whole / 1e5, whole / 10.0 / 1e4
    mapping, tree = _fitted(np.concatenate([wrong, right[:500]]))
    assert tree["has_repairs"]
    for values in (right, wrong):
        split = mapping.split(pa.array(values))
        repairs = split.sequences["x~"].integers
        assert not split.side
        assert repairs.min() == repairs.max()


@pytest.mark.parametrize("n_rare", [1, 100])
def test_specials_get_a_column_where_there_are_many(n_rare: int) -> None:
    """NaN, infinities and -0.0 are categories if there are many, else exceptions."""
    rare = [float("nan"), float("inf"), float("-inf"), -0.0]
    values = [place / 10 for place in range(5000)] + [rare[place % 4] for place in range(n_rare)]
    mapping, tree = _fitted(values)
    split = mapping.split(pa.array(values))
    assert tree["has_specials"] == (n_rare > 1)
    assert bool(split.side) == (n_rare == 1)


def test_steady_decimals_with_few_others(generator: np.random.Generator) -> None:
    """A few values of more places do not hide that the others are whole."""
    values = generator.integers(0, 300, 4000).astype(np.float64)
    values[::200] += 0.123
    _, tree = _fitted(values)
    assert (tree["scale"], tree["places"]) == ("decimal", 0)
