"""An archive codec for any columns, with the network and the predictor that a test gives."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from ae_pipeline.codec import Provenance
from ae_pipeline.codec.archive import ArchiveCodec, ArchiveNetwork
from ae_pipeline.coding import LinearPredictor, Quantizer
from ae_pipeline.columns import TableSchema
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
