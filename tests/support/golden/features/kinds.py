"""A golden case of features of every kind, some values of which are kept exactly."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pyarrow as pa

from ae_pipeline.coding import Architecture
from ae_pipeline.columns import Standardization, TableSchema
from ae_pipeline.inputs import Category
from tests.support.golden.case import Golden, integers

_POINT = pa.list_(pa.field("xy", pa.float32(), nullable=False), 2)
#: Of each column its type, then centre and scale of its lanes or its category.
_COLUMNS: dict[str, tuple[pa.DataType, object]] = {
    "key": (pa.int64(), None),
    "level": (pa.float64(), [(4.0, 2.0)]),
    "word": (pa.string(), Category(("low", "", "é"), (0.5, 0.25, 0.125, 0.0625))),
    "flag": (pa.bool_(), Category((True,), (1.0,))),
    "code": (pa.int16(), Category((7, -300), (0.5, 0.5))),
    "name": (pa.dictionary(pa.int8(), pa.string()), Category(("x", "y"), (0.5, 0.25))),
    "at": (pa.timestamp("us", "UTC"), [(1.5e15, 3600e6)]),
    "day": (pa.date32(), [(20_000.0, 16.0)]),
    "clock": (pa.time64("us"), [(4.32e10, 3.6e9)]),
    "price": (pa.decimal128(9, 2), [(100.0, 8.0)]),
    "point": (_POINT, [(0.0, 1.0), (-1.0, 0.5)]),
    "big": (pa.int64(), [(float(1 << 60), 0.0)]),
    "hollow": (pa.uint32(), [(np.nan, 0.0)]),
}
_CLIP = 4.0


def kinds_case() -> Golden:
    """Outputs of numbers and logits are sums of two latents, exact in float32."""
    from tests.support.codec.features import hand_set_codec

    schema = pa.schema([(name, kind) for name, (kind, _) in _COLUMNS.items()])
    features = tuple(name for name, (_, own) in _COLUMNS.items() if own is not None)
    roles = TableSchema(schema, features)
    center, scale, categories = [], [], {}
    for name in features:
        own = _COLUMNS[name][1]
        if isinstance(own, Category):
            categories[len(center)] = own
        for one in [(np.nan, 0.0)] if isinstance(own, Category) else own:  # type: ignore[attr-defined]
            center.append(one[0])
            scale.append(one[1])
    standardization = Standardization(np.array(center), np.array(scale), _CLIP)
    n_inputs = standardization.n_inputs + sum(one.width for one in categories.values())
    codec = hand_set_codec(
        schema=roles,
        std=np.ones(len(features)),
        standardization=standardization,
        architecture=Architecture(n_inputs, 2, (4,), (4,), "relu", "residual"),
        weights=_weights(n_inputs),
        categories=categories,
        keeps_exact=True,
    )
    tables = {
        "day=1/part-0.parquet": _table(schema, 5, 40),
        "day=2/part-0.parquet": _table(schema, 9, 7),
    }
    return Golden(codec, tables)


def _weights(n_inputs: int) -> dict[str, np.ndarray]:
    """Multiples of 1/4, so that no sum depends on its order."""

    def drawn(seed: int, *shape: int) -> np.ndarray:
        numbers = integers(seed, int(np.prod(shape)), 9) - 4
        return (numbers / 4).astype(np.float32).reshape(shape)

    widths = {"encoder": (n_inputs, 4, 2), "decoder": (2, 4, n_inputs)}
    found = {}
    for seed, (side, (first, hidden, last)) in enumerate(widths.items()):
        found[f"{side}/skip/kernel"] = drawn(10 + seed, first, last)
        found[f"{side}/0/kernel"] = drawn(20 + seed, first, hidden)
        found[f"{side}/0/bias"] = np.zeros(hidden, np.float32)
        found[f"{side}/1/kernel"] = drawn(30 + seed, hidden, last)
        found[f"{side}/1/bias"] = np.zeros(last, np.float32)
    return found


def _table(schema: pa.Schema, seed: int, n_rows: int) -> pa.Table:
    """Usual values, and in some rows those that are missing, unknown or far away."""
    near = integers(seed, n_rows, 17) / 8 - 1
    is_odd, is_null = integers(seed + 1, n_rows, 5) == 0, integers(seed + 2, n_rows, 7) == 0
    rows = range(n_rows)
    numbers = {
        name: [
            int(own[0][0] + own[0][1] * (99 if odd else one))
            for one, odd in zip(near, is_odd, strict=True)
        ]  # type: ignore[index]
        for name, (_, own) in _COLUMNS.items()
        if name in ("at", "day", "price")
    }
    columns = {
        "key": list(rows),
        "level": [np.nan if odd else 4 + 2 * one for one, odd in zip(near, is_odd, strict=True)],
        "word": [("low", "", "é", "new")[n] for n in integers(seed + 3, n_rows, 4)],
        "flag": [not odd for odd in is_odd],
        "code": [(7, -300, 9)[n] for n in integers(seed + 4, n_rows, 3)],
        "name": [("x", "y", "later")[n] for n in integers(seed + 5, n_rows, 3)],
        **numbers,
        "clock": [int(8.64e10 - 1) if odd else int(4.32e10) for odd in is_odd],
        "price": [Decimal(number) for number in numbers["price"]],
        "point": [
            [float(one), 1e9 if odd else -1.0] for one, odd in zip(near, is_odd, strict=True)
        ],
        "big": [(1 << 60) + int(odd) for odd in is_odd],
        "hollow": [5 if odd else None for odd in is_odd],
    }
    nullable = {name for name in columns if name not in ("key", "hollow")}
    arrays = [
        pa.array(columns[field.name], field.type, mask=is_null if field.name in nullable else None)
        for field in schema
    ]
    return pa.Table.from_arrays(arrays, schema=schema)
