"""Promises that many tests check."""

from __future__ import annotations

import pickle

import numpy as np
import pyarrow as pa

from ae_pipeline.errors import AePipelineError

#: Unsigned type of the same width, to compare floats bit by bit.
_BITS = {2: np.uint16, 4: np.uint32, 8: np.uint64}


def assert_same_table(expected: pa.Table | pa.RecordBatch, got: pa.Table | pa.RecordBatch) -> None:
    """Same schema with all metadata, same rows, same nulls; floats bit by bit, all NaN alike."""
    assert got.schema.equals(expected.schema, check_metadata=True)
    assert got.num_rows == expected.num_rows
    for name, left, right in zip(expected.schema.names, expected.columns, got.columns, strict=True):
        assert_same_array(left, right, name)


def assert_same_array(
    expected: pa.Array | pa.ChunkedArray, got: pa.Array | pa.ChunkedArray, where: str = ""
) -> None:
    """Same type, values and nulls; floats bit by bit, all NaN alike."""
    assert got.type == expected.type, where
    assert len(got) == len(expected), where
    nulls = expected.is_null().to_numpy(zero_copy_only=False)
    np.testing.assert_array_equal(got.is_null().to_numpy(zero_copy_only=False), nulls, where)
    if pa.types.is_floating(expected.type):
        np.testing.assert_array_equal(_bits(got)[~nulls], _bits(expected)[~nulls], where)
    elif pa.types.is_temporal(expected.type):  # Python knows fewer times than Arrow
        assert got.equals(expected), where
    else:
        # NaN inside of a nested value equals itself in text only.
        assert repr(got.to_pylist()) == repr(expected.to_pylist()), where


def assert_pickles(error: AePipelineError) -> None:
    """An error that crossed a process border says and holds what it did."""
    copy = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes
    assert type(copy) is type(error)
    assert vars(copy) == vars(error)
    assert str(copy) == str(error)


def assert_one_line(error: BaseException, *parts: str) -> None:
    """The message is one line and names every part."""
    message = str(error)
    assert len(message.splitlines()) == 1
    for part in parts:
        assert part in message


def _bits(column: pa.Array | pa.ChunkedArray) -> np.ndarray:
    values = np.array(column.to_numpy(zero_copy_only=False), column.type.to_pandas_dtype())
    values[np.isnan(values)] = np.nan
    return values.view(_BITS[values.itemsize])
