"""Archive codecs whose networks are set by hand or drawn, and what an archive promises."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
import pyarrow as pa

from ae_pipeline.codec import Provenance
from ae_pipeline.codec.archive import ArchiveCodec, ArchiveNetwork
from ae_pipeline.coding import SKIP_MAX, Architecture, IntegerDecoder, LinearPredictor, Quantizer
from ae_pipeline.coding.integer_decoder import WEIGHT_MAX
from ae_pipeline.columns import Standardization, TableSchema
from ae_pipeline.results.fit import TrainingSummary

_PROVENANCE = Provenance("source", "key", 0, TrainingSummary(0, 0, "by hand", 0, 0.0, 0.0))


def make_codec(
    arrow: pa.Schema,
    tolerance: float | Sequence[float],
    network: ArchiveNetwork | None = None,
    predictor: LinearPredictor | None = None,
) -> ArchiveCodec:
    """A codec of all columns of a schema, grids through 0."""
    tolerances = np.broadcast_to(np.asarray(tolerance, np.float64), len(arrow)).copy()
    schema = TableSchema(arrow, tuple(arrow.names))
    quantizers = tuple(Quantizer.linear(0.0, one) for one in tolerances.tolist())
    ones = np.ones(len(arrow))
    return ArchiveCodec(schema, quantizers, ones, predictor, network, _PROVENANCE)


def random_decoder(
    generator: np.random.Generator, latent: int, hidden: int, outputs: int
) -> IntegerDecoder:
    """Weights over their whole range, scaled so that hidden units are neither all on nor off."""

    def integers(largest: int, shape: tuple[int, int], kind: type) -> np.ndarray:
        return generator.integers(-largest, largest, shape, endpoint=True).astype(kind)

    return IntegerDecoder(
        hidden_weights=integers(WEIGHT_MAX, (latent, hidden), np.int8),
        hidden_shift=generator.integers(14, 20, hidden).astype(np.int8),
        hidden_bias=generator.normal(1, 1, hidden).astype(np.float32),
        output_weights=integers(WEIGHT_MAX, (hidden, outputs), np.int8),
        output_shift=generator.integers(-3, 9, outputs).astype(np.int8),
        skip_weights=integers(SKIP_MAX, (latent, outputs), np.int16),
        skip_shift=generator.integers(0, 30, outputs).astype(np.int8),
        output_bias=generator.normal(0, 9, outputs).astype(np.float32),
    )


def random_network(
    generator: np.random.Generator,
    n_columns: int,
    latent: int = 2,
    hidden: int = 5,
    window: int = 1,
) -> ArchiveNetwork:
    """A network that has learned nothing; the last of several columns takes no part."""
    scale = np.ones(n_columns)
    scale[1:][-1:] = 0.0
    n_inputs = window * int(scale.sum())
    latent = min(latent, n_inputs)
    architecture = Architecture(n_inputs, latent, (hidden,), (hidden,), "relu", "residual")
    encoder = {
        name: generator.normal(size=shape).astype(np.float32)
        for name, shape in architecture.weight_shapes().items()
        if name.startswith("encoder/")
    }
    return ArchiveNetwork(
        Standardization(np.zeros(n_columns), scale, 10.0),
        window,
        architecture,
        encoder,
        12,
        np.full(latent, 0.1, np.float32),
        random_decoder(generator, latent, hidden, n_inputs),
    )


def random_predictor(generator: np.random.Generator, n_columns: int) -> LinearPredictor:
    """Weights that mean nothing, in any order of columns."""
    order = generator.permutation(n_columns)
    earlier = {column: order[:place] for place, column in enumerate(order.tolist())}
    terms = {
        column: generator.permutation(np.concatenate([2 * found, 2 * found + 1]))[:3]
        for column, found in earlier.items()
    }
    sources = np.concatenate([terms[column] for column in range(n_columns)])
    return LinearPredictor(
        order=order.astype(np.int32),
        follows=generator.integers(0, 2, n_columns).astype(np.int8),
        counts=np.array([len(terms[column]) for column in range(n_columns)], np.int16),
        sources=sources.astype(np.int32),
        weights=generator.integers(-32767, 32767, len(sources), endpoint=True).astype(np.int16),
        shifts=generator.integers(0, 30, n_columns).astype(np.int8),
        biases=generator.integers(-(2**31), 2**31, n_columns).astype(np.int32),
    )


def ramp_network(n_ramps: int = 1, n_idle: int = 0) -> ArchiveNetwork:
    """Of columns (a, b, ...): the code is a, and every b = 64 max(a - 1, 0), for a from 0 to 4.

    `n_idle` more codes are always 0.
    """
    n_columns, latent = 1 + n_ramps, 1 + n_idle
    architecture = Architecture(n_columns, latent, (1,), (1,), "relu", "residual")
    encoder = {
        name: np.zeros(shape, np.float32)
        for name, shape in architecture.weight_shapes().items()
        if name.startswith("encoder/")
    }
    encoder["encoder/skip/kernel"][0, 0] = 1
    decoder = IntegerDecoder(
        hidden_weights=np.int8([[1]] + [[0]] * n_idle),
        hidden_shift=np.int8([0]),
        hidden_bias=np.float32([-1]),
        output_weights=np.int8([[0] + [64] * n_ramps]),
        output_shift=np.zeros(n_columns, np.int8),
        skip_weights=np.eye(latent, n_columns, dtype=np.int16) * np.int16([1] + [0] * n_ramps),
        skip_shift=np.zeros(n_columns, np.int8),
        output_bias=np.zeros(n_columns, np.float32),
    )
    inputs = Standardization(np.zeros(n_columns), np.ones(n_columns), 1000.0)
    return ArchiveNetwork(
        inputs, 1, architecture, encoder, 12, np.ones(latent, np.float32), decoder
    )


def ramp_records(generator: np.random.Generator, n_rows: int = 5000) -> pa.RecordBatch:
    """What `ramp_network` predicts exactly."""
    a = generator.integers(0, 5, n_rows).astype(np.float64)
    return pa.record_batch({"a": a, "b": 64 * np.maximum(a - 1, 0)})


def raw_values(array: pa.Array) -> np.ndarray:
    """The value buffer of an array, nulls included, not one bit changed."""
    dtype = np.dtype(array.type.to_pandas_dtype())
    if not len(array):
        return np.zeros(0, dtype)
    start = array.offset * dtype.itemsize
    return np.frombuffer(array.buffers()[1], dtype, count=len(array), offset=start)


def bits(values: np.ndarray) -> np.ndarray:
    """Values as unsigned integers, to compare floats bit by bit."""
    return np.ascontiguousarray(values).view(f"u{values.itemsize}")


def assert_keeps_promise(expected: pa.Array, got: pa.Array, tolerance: float) -> None:
    """Nulls and what is not finite come back exactly, all else within the tolerance."""
    assert got.type == expected.type
    got.validate(full=True)
    is_valid = expected.is_valid().to_numpy(zero_copy_only=False)
    np.testing.assert_array_equal(got.is_valid().to_numpy(zero_copy_only=False), is_valid)
    source, decoded = raw_values(expected)[is_valid], raw_values(got)[is_valid]
    is_exact = ~np.isfinite(source) | (tolerance == 0)
    np.testing.assert_array_equal(bits(decoded[is_exact]), bits(source[is_exact]))
    assert_within(source[~is_exact], decoded[~is_exact], tolerance)


def assert_within(source: np.ndarray, decoded: np.ndarray, tolerance: float) -> None:
    """No further off than the tolerance."""
    assert np.isfinite(decoded).all()
    limit = Fraction(tolerance)
    for value, other in zip(source.tolist(), decoded.tolist(), strict=True):
        assert abs(Fraction(value) - Fraction(other)) <= limit, (value, other)
