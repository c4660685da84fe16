"""A codec of features whose weights are set by hand, exact in float32."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any  # Any: settings of several types

import numpy as np
import pyarrow as pa

from ae_pipeline.blocks.block import block_to_arrays, records_to_block
from ae_pipeline.codec import Provenance
from ae_pipeline.codec.features import FeaturesCodec
from ae_pipeline.coding import Architecture, Weights
from ae_pipeline.columns import Standardization, TableSchema
from ae_pipeline.inputs import Text
from ae_pipeline.results.fit import EpochRecord, TrainingSummary
from tests.support.checks import assert_same_array

if TYPE_CHECKING:
    pass

#: Feature columns of `hand_set_table` and how they standardise; `flat` and `empty` are constant.
CENTERS = {"left": 4.0, "right": -1.0, "half": 0.0, "count": 10.0, "flat": 2.5, "empty": np.nan}
SCALES = {"left": 2.0, "right": 0.5, "half": 1.0, "count": 4.0, "flat": 0.0, "empty": 0.0}
SCHEMA = pa.schema(
    [
        pa.field("key", pa.int64()),
        pa.field("left", pa.float64(), metadata={"unit": "kPa"}),
        pa.field("right", pa.float32()),
        pa.field("half", pa.float16()),
        pa.field("count", pa.int32()),
        pa.field("flat", pa.float64()),
        pa.field("empty", pa.float32()),
    ],
    {"origin": "test"},
)
WORDED = SCHEMA.append(pa.field("words", pa.string()))
_BENDS = np.array([[1, -1, 0, 0], [0, 0, 1, -1]], np.float32)  # [latent, hidden]
_MIXES = np.array([[1, 0, 0.5, 1], [0, 1, 0.5, -1]], np.float32)  # [latent, inputs]


def hand_set_table(left: Sequence[float], right: Sequence[float]) -> pa.RecordBatch:
    """Rows that two numbers each describe: every column is a sum of `left` and `right`.

    The numbers are multiples of 1/4 below 100, which every column's type holds exactly.
    """
    first, second = np.array(left, np.float64), np.array(right, np.float64)
    columns = {
        "key": np.arange(len(first)),
        "left": 4 + 2 * first,
        "right": (-1 + second / 2).astype(np.float32),
        "half": ((first + second) / 2).astype(np.float16),
        "count": (10 + 4 * (first - second)).astype(np.int32),
        "flat": np.full(len(first), 2.5),
        "empty": pa.nulls(len(first), pa.float32()),
    }
    return pa.record_batch(list(columns.values()), schema=SCHEMA)


def hand_set_codec(**changes: Any) -> FeaturesCodec:
    """A codec whose two latents are the two numbers of `hand_set_table`, and which restores it.

    Half of a latent comes by the skip and half by the branch, where x = relu(x) - relu(-x).

    Args:
        changes: fields of `Codec` that differ.
    """
    codec = FeaturesCodec(
        schema=TableSchema(SCHEMA, tuple(CENTERS)),
        std=np.array([2.0, 0.5, 1.0, 4.0, 0.0, 0.0]),
        standardization=Standardization(
            np.array(list(CENTERS.values())), np.array(list(SCALES.values())), 128.0
        ),
        architecture=Architecture(4, 2, (4,), (4,), "relu", "residual"),
        weights=hand_set_weights(),
        provenance=Provenance(
            source="somewhere",
            fit_key="0" * 32,
            n_rows=3,
            training=TrainingSummary(1, 2, "epochs", 1, 0.5, 0.25),
            history=(EpochRecord(0, 0, 0.5, 0.5, 0.0), EpochRecord(1, 2, 0.4, 0.25, 0.1)),
        ),
    )
    return replace(codec, **changes)


def hand_set_weights() -> Weights:
    """Weights of `hand_set_codec`: sums of powers of two."""
    picks = np.eye(4, 2, dtype=np.float32)  # [inputs, latent]
    return {
        "encoder/skip/kernel": picks / 2,
        "encoder/0/kernel": picks @ _BENDS,
        "encoder/0/bias": np.zeros(4, np.float32),
        "encoder/1/kernel": _BENDS.T / 2,
        "encoder/1/bias": np.zeros(2, np.float32),
        "decoder/skip/kernel": _MIXES / 2,
        "decoder/0/kernel": _BENDS.copy(),
        "decoder/0/bias": np.zeros(4, np.float32),
        "decoder/1/kernel": _BENDS.T @ _MIXES / 2,
        "decoder/1/bias": np.zeros(4, np.float32),
    }


def worded_table(
    left: Sequence[float], right: Sequence[float], words: Sequence[str | None]
) -> pa.RecordBatch:
    """`hand_set_table` with a column of text."""
    rows = hand_set_table(left, right)
    return pa.record_batch([*rows.columns, pa.array(words, pa.string())], schema=WORDED)


def worded_codec(**changes: Any) -> FeaturesCodec:
    """`hand_set_codec` with a third latent: how much of a text is its first term, `win`."""
    architecture = Architecture(7, 3, (4,), (4,), "relu", "residual")
    former, weights = hand_set_weights(), {}
    for name, shape in architecture.weight_shapes().items():
        weights[name] = np.zeros(shape, np.float32)
        weights[name][tuple(slice(size) for size in former[name].shape)] = former[name]
    weights["encoder/skip/kernel"][4, 2] = weights["decoder/skip/kernel"][2, 4] = 1
    return hand_set_codec(
        schema=TableSchema(WORDED, tuple(CENTERS)),
        architecture=architecture,
        weights=weights,
        **{"texts": {"words": Text(("win", "call", "!"), (1.0, 1.5, 0.5))}, **changes},
    )


def identity_codec(kind: pa.DataType) -> FeaturesCodec:
    """A codec of one column of the given type, centre 50 and scale 32, that changes nothing."""
    one = np.ones((1, 1), np.float32)
    names = ("encoder/skip/kernel", "decoder/skip/kernel")
    architecture = Architecture(1, 1, (), (), "linear", "residual")
    zeros = {name: np.zeros(s, np.float32) for name, s in architecture.weight_shapes().items()}
    return hand_set_codec(
        schema=TableSchema(pa.schema([("x", kind)]), ("x",)),
        std=np.array([32.0]),
        standardization=Standardization(np.array([50.0]), np.array([32.0]), 10.0),
        architecture=architecture,
        weights={**zeros, **dict.fromkeys(names, one)},
    )


def assert_same_codec(expected: FeaturesCodec, got: FeaturesCodec) -> None:
    """Same id and all that it stands for, bit by bit; provenance may differ."""
    assert got.id == expected.id
    assert got.schema.arrow.equals(expected.schema.arrow, check_metadata=True)
    assert got.schema.features == expected.schema.features
    assert got.architecture == expected.architecture
    assert got.standardization.clip_sigma == expected.standardization.clip_sigma
    np.testing.assert_array_equal(got.std, expected.std)
    np.testing.assert_array_equal(got.standardization.center, expected.standardization.center)
    np.testing.assert_array_equal(got.standardization.scale, expected.standardization.scale)
    assert_same_weights(expected.weights, got.weights)


def assert_same_weights(expected: Weights, got: Weights) -> None:
    """Same names, shapes and bits."""
    assert set(got) == set(expected)
    for name, array in expected.items():
        assert got[name].dtype == array.dtype == np.float32
        assert got[name].shape == array.shape
        assert got[name].tobytes() == np.ascontiguousarray(array).tobytes(), name


def assert_restores(codec: FeaturesCodec, records: pa.RecordBatch) -> None:
    """Encoding and decoding gives every feature column back, bit by bit, of its own type."""
    block = records_to_block(records, codec.schema.features)
    latents = codec.encode(block)
    assert latents.shape == (records.num_rows, codec.latent_dim)
    restored = block_to_arrays(codec.decode(latents, block.missing), codec.schema.feature_types)
    for name, column in zip(codec.schema.features, restored, strict=True):
        assert_same_array(records.column(name), column, name)
