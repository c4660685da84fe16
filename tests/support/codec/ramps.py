"""A network that predicts ramps exactly, and rows of such ramps."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from ae_pipeline.codec.archive import ArchiveNetwork
from ae_pipeline.coding import Architecture, IntegerDecoder
from ae_pipeline.columns import Standardization


def ramp_network(n_ramps: int = 1, n_idle: int = 0) -> ArchiveNetwork:
    """A network of columns (a, b, ...): the code is a, each b is 64 max(a - 1, 0), a from 0 to 4.

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
    """Rows that `ramp_network` predicts exactly."""
    a = generator.integers(0, 5, n_rows).astype(np.float64)
    return pa.record_batch({"a": a, "b": 64 * np.maximum(a - 1, 0)})
