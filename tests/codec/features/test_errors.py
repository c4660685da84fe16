"""Errors of rows: what they are for numbers, vectors and categories."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from ae_pipeline.codec.features import FeaturesCodec, row_errors
from ae_pipeline.coding import Architecture
from ae_pipeline.columns import Standardization, TableSchema
from ae_pipeline.inputs import Category
from tests.support.codec.features import hand_set_codec

SCHEMA = pa.schema([("x", pa.float64()), ("v", pa.list_(pa.float32(), 2)), ("c", pa.string())])
LOGITS = np.log([3.0, 1.0])


def silent_codec() -> FeaturesCodec:
    """A codec that decodes every row to zeros, and to 3 to 1 for two categories."""
    architecture = Architecture(5, 1, (), (), "linear", "plain")
    weights = {name: np.zeros(s, np.float32) for name, s in architecture.weight_shapes().items()}
    weights["decoder/0/bias"][3:] = LOGITS
    return hand_set_codec(
        schema=TableSchema(SCHEMA, ("x", "v", "c")),
        std=np.ones(3),
        standardization=Standardization(
            np.array([1.0, 0.0, 0.0, np.nan]), np.array([2.0, 1.0, 1.0, 0.0]), 10.0
        ),
        architecture=architecture,
        weights=weights,
        categories={3: Category(("a", "b"), (0.5, 0.25))},
    )


def errors(rows: list[dict]) -> np.ndarray:
    """Errors of rows that decode to x = 1, v = [0, 0] and mostly "a"."""
    codec, records = silent_codec(), pa.RecordBatch.from_pylist(rows, SCHEMA)
    block = codec.read(records)
    return row_errors(codec, block, codec.encode(block))


def test_numbers_have_squares_and_categories_nats() -> None:
    """A number has its squared standardised error, a vector the mean, a category -ln p."""
    found = errors([{"x": 5.0, "v": [3.0, 1.0], "c": "a"}, {"x": 1.0, "v": [0.0, 0.0], "c": "b"}])
    np.testing.assert_allclose(found[:, 0], [4.0, 5.0, -np.log(0.75)], rtol=1e-6)
    np.testing.assert_allclose(found[:, 1], [0.0, 0.0, -np.log(0.25)], rtol=1e-6)


def test_far_values_count_as_far_as_they_are() -> None:
    """An error is not bounded by what the network's inputs are clipped to."""
    assert errors([{"x": 2001.0, "v": [0.0, 0.0], "c": "a"}])[0, 0] == 1e6


def test_missing_values_have_no_error() -> None:
    """A missing value has none; those of a vector's other numbers still count."""
    found = errors([{"x": None, "v": None, "c": "a"}, {"x": 1.0, "v": [2.0, None], "c": "a"}])
    assert np.isnan(found[:2, 0]).all()
    assert found[1, 1] == 4.0


def test_unknown_values_tell_as_much_as_their_share() -> None:
    """A value without a place has the share of all others, also a null that there never was."""
    found = errors([{"x": 1.0, "v": [0.0, 0.0], "c": text} for text in ("new", None)])
    np.testing.assert_allclose(found[2], -np.log(0.25))


def test_a_column_that_the_network_does_not_see_has_none() -> None:
    """Constants have no unit for errors."""
    codec = hand_set_codec()
    block = codec.read(
        pa.record_batch([[0], [4.0], [1.0], [0.0], [10], [3.5], [1.0]], codec.schema.arrow)
    )
    found = row_errors(codec, block, codec.encode(block))
    assert np.isnan(found[4:]).all()
    assert np.isfinite(found[:4]).all()
