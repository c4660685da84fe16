"""A golden case of vector columns: lanes beside numbers, some of them sub-columns."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from ae_pipeline.codec.archive import ArchiveCodec, TableCodec, cell_subcolumns
from ae_pipeline.coding import LinearGrid, Promise, Quantizer
from ae_pipeline.columns import TableSchema, Vectors
from ae_pipeline.table.model import Previous, Relation, Term
from tests.support.golden.case import PROVENANCE, Golden, integers
from tests.support.golden.predictors import Rule, make_predictor
from tests.support.golden.table_parts import hand_set_model, pack_models

_POINT = pa.list_(pa.field("xy", pa.float64(), nullable=False), 2)
_SPECTRUM = pa.list_(pa.field("item", pa.float32(), metadata={"unit": "nm"}), 20)
_DIRECTION = pa.fixed_shape_tensor(pa.float16(), [2, 9])
_BITS = pa.list_(pa.float32(), 2)
_TYPES = {
    "level": pa.float64(),
    "point": _POINT,
    "spectrum": _SPECTRUM,
    "direction": _DIRECTION,
    "bits": _BITS,
    "mass": pa.float64(),
}
_QUANTIZERS = (
    Quantizer.linear(0.0, 0.5),
    Quantizer.linear(3.0, 0.5),
    Quantizer.linear(0.0, 0.06),
    Quantizer(LinearGrid(0.0, 0.023), Promise(0.023, cosine=0.99), is_whole=True),
    Quantizer.linear(0.0, 0.0),
    Quantizer.linear(0.0, 0.5),
)
_BLOCK_ROWS = 24


def vectors_case() -> Golden:
    """Narrow and wide vectors, smooth ones, ones whose direction counts, and exact ones."""
    schema = TableSchema(pa.schema(list(_TYPES.items())), tuple(_TYPES))
    rules = {
        "spectrum[5]": Rule([("spectrum[4]", 0, 2)], bias=1, shift=1),
        "mass": Rule([("point[1]", 1, 3), ("spectrum[3]", 0, 1)], bias=0, shift=2),
    }
    order = ["level", *(name for name in schema.lanes if "[" in name), "mass"]
    lows = dict.fromkeys(["level", "point[0]", "point[1]", "mass"], -4)
    cells = cell_subcolumns(schema, _QUANTIZERS, ["point[0]"], lows)
    models = [
        hand_set_model("point[0]?", 0, 1, (Previous(),)),
        hand_set_model("point[1]", -99, 99, (Relation(-2, 1, (Term("point[0]", 1),)),)),
    ]
    names = ["level", "point[0]?", "point[0]", "point[1]", "mass"]
    codec = ArchiveCodec(
        schema=schema,
        quantizers=_QUANTIZERS,
        std=np.ones(len(_TYPES)),
        predictor=make_predictor(schema.lanes, order, rules),
        network=None,
        provenance=PROVENANCE,
        table=TableCodec((), cells, pack_models(names, models, cells), lows),
    )
    tables = {"day=1/part-0.parquet": _table(3, 34), "day=2/part-0.parquet": _table(40, 7)}
    return Golden(codec, tables, _BLOCK_ROWS)


def _table(seed: int, n_rows: int) -> pa.Table:
    rows = np.arange(n_rows)
    spectrum = _spectrum(seed, rows)
    point = np.stack([integers(seed, n_rows, 40), integers(seed, n_rows, 40) - 2], axis=1) + 0.25
    is_gap = np.zeros(spectrum.shape, bool)
    is_gap[rows % 23 == 9, 7] = True
    bits = (integers(seed + 2, 2 * n_rows, 1 << 20) / 7).astype(np.float32).reshape(-1, 2)
    columns = [
        pa.array(integers(seed + 3, n_rows, 99).astype(np.float64)),
        Vectors(point, rows % 11 != 4, None).to_arrow(_POINT),
        Vectors(spectrum, rows % 17 != 3, ~is_gap).to_arrow(_SPECTRUM),
        Vectors(_direction(seed, rows), rows % 13 != 5, None).to_arrow(_DIRECTION),
        Vectors(bits, rows % 7 != 1, None).to_arrow(_BITS),
        pa.array(point[:, 1] + spectrum[:, 3].clip(-9, 9).astype(np.float64)),
    ]
    return pa.Table.from_arrays(columns, schema=pa.schema(list(_TYPES.items())))


def _spectrum(seed: int, rows: np.ndarray) -> np.ndarray:
    """Straight lines from lane to lane, with a little noise, a NaN and an infinity."""
    slopes = integers(seed + 1, len(rows), 30) / 10.0
    noise = integers(seed + 5, 20 * len(rows), 3).reshape(-1, 20) / 20.0
    found = (slopes[:, None] * np.arange(20) + noise).astype(np.float32)
    found[rows % 19 == 2, 4] = np.uint32(0x7FC00ABC).view(np.float32)
    found[rows % 29 == 6, 11] = -np.inf
    return found


def _direction(seed: int, rows: np.ndarray) -> np.ndarray:
    """Usual rows, some too short for their cells, some without a direction."""
    found = (integers(seed + 7, 18 * len(rows), 201).reshape(-1, 18) - 100) / 100.0
    found[rows % 9 == 2] /= 64.0
    found[rows % 15 == 7] = 0.0
    found[rows % 31 == 8, 3] = np.nan
    return found.astype(np.float16)
