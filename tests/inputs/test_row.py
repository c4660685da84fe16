"""What a network sees of a row: the order of its inputs, and what their errors weigh."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from ae_pipeline.blocks.block import Block
from ae_pipeline.columns import Standardization
from ae_pipeline.inputs import Category, RowInputs, possible_cycles

TIMES = possible_cycles(pa.timestamp("s"))


def inputs() -> RowInputs:
    """A vector of two, a time with two cycles, a category and a constant, in this order."""
    standardization = Standardization(
        np.array([0.0, 1.0, 86_400.0, np.nan, 5.0]), np.array([1.0, 2.0, 1000.0, 0, 0]), 10.0
    )
    return RowInputs(
        standardization,
        categories={3: Category(("a", "b"), (0.75, 0.25))},
        cycles={2: (TIMES["day"], TIMES["week"])},
        vectors=(range(2),),
    )


def test_numbers_cycles_and_categories_have_their_places() -> None:
    """First all numbers, then cycles, then categories, and values come back from them."""
    values = np.array([[1.0], [3.0], [86_400.0], [1.0], [5.0]])
    matrix = inputs().to_matrix(Block(values, None))
    assert matrix.shape == (1, inputs().n_inputs) == (1, 9)
    week = 2 * np.pi / 7
    root = np.sqrt(2)
    expected = [1, 1, 0, root, 0, root * np.cos(week), root * np.sin(week), -0.75, 0.75]
    np.testing.assert_allclose(matrix[0], expected, atol=1e-6)
    np.testing.assert_array_equal(inputs().to_values(matrix), values)


def test_a_missing_time_has_no_phase() -> None:
    """All inputs of a missing time are NaN."""
    values = np.array([[1.0], [3.0], [np.nan], [1.0], [5.0]])
    missing = np.zeros((5, 1), np.uint8)
    missing[2] = 1
    matrix = inputs().to_matrix(Block(values, missing))
    assert np.isnan(matrix[0, 2:7]).all()
    assert np.isfinite(np.delete(matrix[0], slice(2, 7))).all()


def test_a_vector_weighs_the_root_of_its_lanes() -> None:
    """Vectors do not drown other columns, nor do the cycles of a time its position."""
    weights = inputs().weights
    np.testing.assert_allclose(weights[:2].sum(), 2**0.5)
    assert weights[2] == 1
    np.testing.assert_allclose(weights[3:].sum(), 0.1)
    assert (RowInputs(Standardization(np.zeros(3), np.ones(3), 10.0)).weights == 1).all()
