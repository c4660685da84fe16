"""Golden case of grids of decimals and floating-point numbers, predicted from each other."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from ae_pipeline.codec.archive import ArchiveCodec
from ae_pipeline.coding import (
    DecimalGrid,
    FloatingGrid,
    LinearGrid,
    Promise,
    Quantizer,
)
from ae_pipeline.columns import TableSchema
from tests.support.golden.case import PROVENANCE, Golden, integers
from tests.support.golden.predictors import Rule, make_predictor

#: Type and quantizer of each column.
_GRIDS: dict[str, tuple[pa.DataType, Quantizer]] = {
    "cents": (pa.float64(), Quantizer(DecimalGrid(2, 7.5), Promise())),
    "tenths": (pa.float32(), Quantizer(DecimalGrid(1, -3.0), Promise(0.0501))),
    "thousands": (pa.int64(), Quantizer(DecimalGrid(-3, 2000.0), Promise(500.0))),
    "percent": (pa.float64(), Quantizer(FloatingGrid(2, 50, -12), Promise(relative=0.01))),
    "coarse": (pa.float32(), Quantizer(FloatingGrid(2, 1, -40), Promise(relative=0.5))),
    "digits": (pa.float64(), Quantizer(FloatingGrid(10, 100, -6), Promise(digits=3))),
    "digit": (pa.float32(), Quantizer(FloatingGrid(10, 1, -2), Promise(digits=1))),
    "filled": (
        pa.float64(),
        Quantizer(LinearGrid(1.0, 0.25), Promise(0.25), (-999.0, 1e20), (-50.0, 50.0)),
    ),
}
_GRID_RULES = {
    "tenths": Rule([("cents", 0, 1)], bias=-40, shift=4),
    "percent": Rule([("cents", 0, 3), ("cents", 1, -2)], shift=5),
    "digits": Rule([("percent", 0, 2)], follows=True),
    "filled": Rule([], follows=True),
}


def grids_case() -> Golden:
    """Every grid, direct and predicted, with what it cannot hold, fill values and outliers."""
    names, block_rows = tuple(_GRIDS), 41
    predictor = make_predictor(names, list(names), _GRID_RULES)
    codec = ArchiveCodec(
        schema=TableSchema(pa.schema([(name, kind) for name, (kind, _) in _GRIDS.items()]), names),
        quantizers=tuple(quantizer for _, quantizer in _GRIDS.values()),
        std=np.ones(len(names)),
        predictor=predictor,
        network=None,
        provenance=PROVENANCE,
    )
    return Golden(codec, {"day=1/part-0.parquet": grids_table(97)}, block_rows)


def grids_table(n_rows: int) -> pa.Table:
    """A walk in cents, and what is like it in other orders of magnitude."""
    walk = np.cumsum(integers(5, n_rows, 401) - 200).astype(np.float64)
    noise = integers(6, n_rows, 1000) / 1000
    columns = {
        "cents": walk / 100,
        "tenths": walk / 160 + noise / 3,
        "thousands": (walk * 97).astype(np.int64),
        "percent": np.exp2(walk / 200) * np.where(noise < 0.5, -1, 1),
        "coarse": np.exp2(walk / 50),
        "digits": walk * np.exp2(noise),
        "digit": walk + noise,
        "filled": walk / 60 + noise,
    }
    columns["cents"][3::31] += 1 / 3
    columns["filled"][5::23], columns["filled"][8::40] = -999.0, 1e20
    columns["filled"][11] = 77.77
    for name, place in (("cents", 0), ("percent", 1), ("digits", 2), ("coarse", 3)):
        special = [np.nan, np.inf, -np.inf, -0.0, 0.0, 5e-324, 1e300]
        columns[name][place + 10 :: 13] = (special * 9)[: len(columns[name][place + 10 :: 13])]
    with np.errstate(over="ignore", under="ignore"):
        arrays = {
            name: pa.array(columns[name].astype(kind.to_pandas_dtype()), kind)
            for name, (kind, _) in _GRIDS.items()
        }
    holes = pa.array(noise < 0.1)
    null = pa.scalar(None, pa.float64())
    arrays["digits"] = pa.compute.if_else(holes, null, arrays["digits"])
    return pa.table(arrays)
