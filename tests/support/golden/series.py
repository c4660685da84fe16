"""Golden case of series: levels of all rows, knots, and whole cells of every grid."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from ae_pipeline.codec.archive import ArchiveCodec
from ae_pipeline.coding import DecimalGrid, FloatingGrid, LinearGrid, Promise, Quantizer
from ae_pipeline.columns import TableSchema
from tests.support.golden.case import PROVENANCE, Golden, integers
from tests.support.golden.predictors import Rule, make_predictor

#: Type and quantizer of each column.
_COLUMNS: dict[str, tuple[pa.DataType, Quantizer]] = {
    "tide": (pa.float64(), Quantizer.linear(0.5, 0.0002)),
    "single": (pa.float32(), Quantizer.linear(-3.0, 0.0005)),
    "noisy": (pa.float64(), Quantizer.linear(0.0, 0.02)),
    "holes": (pa.float64(), Quantizer.linear(1.0, 0.0001)),
    "filled": (
        pa.float64(),
        Quantizer(LinearGrid(1.0, 0.0005), Promise(0.0005), (-999.0,), (-50.0, 50.0)),
    ),
    "decimals": (pa.float64(), Quantizer(DecimalGrid(4, 1.0), Promise(), is_whole=True)),
    "count": (pa.int64(), Quantizer.linear(0.0, 0.5)),
    "digits": (pa.float64(), Quantizer(FloatingGrid(10, 10000, -6), Promise(digits=5))),
    "after": (pa.float64(), Quantizer.linear(0.5, 0.0002)),
}


def series_case() -> Golden:
    """Curves of floats, decimals and integers, with nulls, specials and what no cell holds."""
    names = tuple(_COLUMNS)
    codec = ArchiveCodec(
        schema=TableSchema(
            pa.schema([(name, kind) for name, (kind, _) in _COLUMNS.items()]), names
        ),
        quantizers=tuple(quantizer for _, quantizer in _COLUMNS.values()),
        std=np.ones(len(names)),
        # A column that is coded from the cells of a series.
        predictor=make_predictor(names, list(names), {"after": Rule([("tide", 0, 8)], shift=3)}),
        network=None,
        provenance=PROVENANCE,
    )
    return Golden(codec, {"day=1/part-0.parquet": series_table(520)}, 480)


def series_table(n_rows: int) -> pa.Table:
    """Smooth bells, and noise."""
    wave = _waves(n_rows, 200)
    noise = (integers(4, n_rows, 1001) - 500) / 500
    slow = _waves(n_rows, 500)
    columns = {
        "tide": wave,
        "single": 2.5 * wave - 3.0,
        "noisy": 6.0 * slow + 0.02 * noise,
        "holes": 1.0 + slow,
        "filled": 3.0 * slow,
        "decimals": np.rint(10000 * wave) / 10000,
        "count": np.rint(5000 * wave),
        "digits": 30.0 + 10.0 * slow,
        "after": wave + 0.0001 * noise,
    }
    specials = [np.nan, np.inf, -np.inf, -0.0, 1e300]
    columns["holes"][40::110] = specials
    columns["filled"][30:42], columns["filled"][400] = -999.0, 77.77
    arrays = {
        name: pa.array(columns[name].astype(kind.to_pandas_dtype()), kind)
        for name, (kind, _) in _COLUMNS.items()
    }
    is_hole = pa.array(np.arange(n_rows) % 240 == 7)
    arrays["holes"] = pa.compute.if_else(is_hole, pa.scalar(None, pa.float64()), arrays["holes"])
    return pa.table(arrays)


def _waves(n_rows: int, length: int) -> np.ndarray:
    """Bells of different widths, whose quotients every machine rounds alike."""
    rows = np.arange(n_rows, dtype=np.float64)
    found = np.zeros(n_rows)
    for number in range(-1, n_rows // length + 2):
        middle, width = (number + 0.5) * length, length * (1 + number % 3) / 6
        found += (1 - number % 2 * 1.7) / (1.0 + ((rows - middle) / width) ** 2)
    return found
