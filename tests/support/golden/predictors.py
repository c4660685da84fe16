"""Golden case of linear prediction, and predictors from readable rules."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from ae_pipeline.codec.archive import ArchiveCodec
from ae_pipeline.codec.archive.column import ColumnCodec
from ae_pipeline.coding import (
    LinearPredictor,
    Quantizer,
    source_cells,
)
from ae_pipeline.columns import TableSchema
from tests.support.golden.case import PROVENANCE, Golden, integers, linear_quantizers


@dataclass(frozen=True)
class Rule:
    """How one column is predicted.

    Args:
        terms: name of a column, 1 for its row before or 0, and weight.
        follows: whether its own cell before is added.
        bias: added to the terms.
        shift: halvings of their sum.
    """

    terms: list[tuple[str, int, int]]
    follows: bool = False
    bias: int = 0
    shift: int = 0


def make_predictor(
    names: tuple[str, ...], order: list[str], rules: dict[str, Rule]
) -> LinearPredictor:
    """Rules as arrays; columns without one are predicted from nothing."""
    every = [rules.get(name, Rule([])) for name in names]
    terms = [term for rule in every for term in rule.terms]
    return LinearPredictor(
        order=np.int32([names.index(name) for name in order]),
        follows=np.int8([rule.follows for rule in every]),
        counts=np.int16([len(rule.terms) for rule in every]),
        sources=np.int32([2 * names.index(name) + lag for name, lag, _ in terms]),
        weights=np.int16([weight for _, _, weight in terms]),
        shifts=np.int8([rule.shift for rule in every]),
        biases=np.int32([rule.bias for rule in every]),
    )


def cells_of(array: pa.Array, offset: float, tolerance: float) -> np.ndarray:
    """Cells from which other columns are predicted, in all rows."""
    column = ColumnCodec(array.type, Quantizer.linear(float(offset), float(tolerance)))
    present = column.present(array)
    return source_cells(column.direct(present).cells, present.is_valid)


#: Type, tolerance and offset of the predictor case's columns.
_LINEAR: dict[str, tuple[pa.DataType, float, float]] = {
    "sum": (pa.float64(), 0.5, 0.1),
    "left": (pa.int64(), 1.0, 5.0),
    "exact": (pa.float32(), 0.0, 0.0),
    "right": (pa.float32(), 0.125, -7.0),
    "walk": (pa.int16(), 1.0, 0.0),
    "late": (pa.float64(), 0.5, -0.3),
    "drift": (pa.uint32(), 2.0, 4e9),
    "wild": (pa.float32(), 0.25, 0.0),
    "tame": (pa.float16(), 0.25, 0.0),
    "far": (pa.float64(), 2.0**-20, 0.0),
    "near": (pa.uint8(), 1.0, 120.0),
    "nothing": (pa.float64(), 1.0, 0.0),
    "holes": (pa.int8(), 0.5, 0.0),
}
#: Ties are rounded in `late` and `drift`, sums are wide in `near`; nothing predicts `exact`.
_RULES = {
    "sum": Rule([("right", 0, -2), ("left", 0, 3)], bias=-1000),
    "exact": Rule([("left", 0, 1)], follows=True),
    "walk": Rule([], follows=True, bias=321, shift=3),
    "late": Rule([("left", 1, 5)], shift=2),
    "drift": Rule([("right", 0, 3), ("right", 1, -3)], follows=True, bias=1, shift=1),
    "tame": Rule([("wild", 0, 1), ("wild", 1, 1), ("exact", 0, 99)]),
    "near": Rule([("far", 0, 3201), ("nothing", 1, 7)], bias=-(2**31), shift=30),
    "holes": Rule([("right", 0, 1), ("late", 1, 1), ("walk", 0, 2)], follows=True, shift=9),
}
_LINEAR_ORDER = (
    "far wild left exact right late walk nothing drift tame holes near sum"  # not as they stand
)


def predictor_case() -> Golden:
    """Linear prediction alone: most types, both lags, nulls, NaN and cells beyond the bound."""
    names, block_rows = tuple(_LINEAR), 37
    predictor = make_predictor(names, _LINEAR_ORDER.split(), _RULES)
    kinds, tolerance, offset = zip(*_LINEAR.values(), strict=True)
    codec = ArchiveCodec(
        schema=TableSchema(pa.schema(list(zip(names, kinds, strict=True))), names),
        quantizers=linear_quantizers(offset, tolerance),
        std=np.ones(len(names)),
        predictor=predictor,
        network=None,
        provenance=PROVENANCE,
    )
    sizes = {"day=1/part-0.parquet": (37, 37, 26), "day=2/part-0.parquet": (37, 1)}
    tables = {
        name: pa.concat_tables(
            [linear_table(predictor, 99 * day + part, rows) for part, rows in enumerate(blocks)]
        )
        for day, (name, blocks) in enumerate(sizes.items())
    }
    return Golden(codec, tables, block_rows)


def linear_table(predictor: LinearPredictor, seed: int, n_rows: int) -> pa.Table:
    """A block in which every rule is right but for a few cells."""
    arrays: dict[str, pa.Array] = {}
    cells, names = np.zeros((len(_LINEAR), n_rows)), list(_LINEAR)
    for number in predictor.order.tolist():
        name, noise = names[number], integers(seed + number, n_rows, 5) - 2
        kind, tolerance, offset = _LINEAR[name]
        is_valid = _linear_validity(name, n_rows)
        steps = (predictor.base(number, cells) + noise)[is_valid]
        own = np.zeros(n_rows, np.int64)
        own[is_valid] = np.cumsum(steps) if predictor.follows[number] else steps
        if name not in _RULES:
            own = _linear_cells(name, seed, n_rows)
        values = _linear_values(name, offset + 2 * tolerance * own, kind)
        arrays[name] = pa.array(values, kind, mask=~is_valid)
        cells[number] = cells_of(arrays[name], offset, tolerance)
    return pa.table([arrays[name] for name in names], names)


def _linear_validity(name: str, n_rows: int) -> np.ndarray:
    rows = np.arange(n_rows)
    return {
        "right": rows % 9 != 4,
        "late": rows > 2,
        "nothing": rows < 0,
        "holes": rows % 2 == 1,
    }.get(name, rows >= 0)


def _linear_cells(name: str, seed: int, n_rows: int) -> np.ndarray:
    """Cells of the columns that are predicted from nothing."""
    if name == "far":
        return (integers(seed, n_rows, 4000) - 2000) << 16
    return integers(seed + len(name), n_rows, 9000) - 4000


def _linear_values(name: str, values: np.ndarray, kind: pa.DataType) -> np.ndarray:
    """In the column's type, here and there none, or none that a grid would hold."""
    dtype, rows = np.dtype(kind.to_pandas_dtype()), np.arange(len(values))
    if name == "exact":
        values = integers(len(values), len(values), 9999) / 7
    if dtype.kind != "f":
        info = np.iinfo(dtype)
        return np.clip(np.rint(values), info.min, info.max).astype(dtype)
    values = values.astype(dtype)
    if name == "wild":
        drawn = 0x7FC00000 + integers(len(values), len(values), 1 << 22)
        values[rows % 2 == 1] = drawn[rows % 2 == 1].astype("u4").view("f4")
        values[rows % 7 == 0] = 1e30
    if name in ("right", "late", "sum"):
        values[rows % 15 == 6], values[rows % 16 == 9] = np.nan, -np.inf
    return values
