"""Write the golden datasets that today's and every later release must read.

Each case is a folder `tests/golden/<kind>-<format version>/<name>` with the dataset and, beside it,
`expected.json`: per fragment the Arrow schema and the values of every column, numbers as the hex
digits of their bits. Sources come from formulas and weights are set by hand, so that nothing is
trained and nothing drawn.

    python -m tests.support.golden_archives

writes the cases that are not there. A case that is there is never written again: it stands for the
files that people have.
"""

from __future__ import annotations

import base64
import json
import sys
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any  # JSON trees

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from ae_pipeline.codec import Provenance
from ae_pipeline.codec.archive import ArchiveCodec, ArchiveNetwork, save_archive_codec
from ae_pipeline.codec.archive.column import ColumnCodec
from ae_pipeline.codec.features import FeaturesCodec, save_features_codec
from ae_pipeline.coding import (
    Architecture,
    DecimalGrid,
    FloatingGrid,
    IntegerDecoder,
    LinearGrid,
    LinearPredictor,
    Promise,
    Quantizer,
    source_cells,
)
from ae_pipeline.columns import Standardization, TableSchema
from ae_pipeline.config.job import DecodeJob, EncodeJob, VerifyJob
from ae_pipeline.dataset import discover, fingerprint
from ae_pipeline.format_version import FORMAT_VERSION
from ae_pipeline.formats.archive import ArchiveFormat
from ae_pipeline.results.fit import TrainingSummary
from ae_pipeline.storage import Footer, Marker, codec_directory
from ae_pipeline.storage.layout import write_marker
from ae_pipeline.verbs import decode, encode, verify

GOLDEN = Path(__file__).parents[1] / "golden"
EXPECTED_FILE = "expected.json"
PROVENANCE = Provenance("a formula", "0" * 32, 0, TrainingSummary(0, 0, "by hand", 0, 0.0, 0.0))


@dataclass(frozen=True)
class Golden:
    """What a case is made of.

    Args:
        codec: set by hand.
        tables: source fragments by relative path.
        block_rows: rows of a full block; small, so that a fragment has several.
    """

    codec: ArchiveCodec | FeaturesCodec
    tables: dict[str, pa.Table]
    block_rows: int = 1 << 17


@dataclass(frozen=True)
class _SmallBlocks(ArchiveCodec):
    """A codec whose row groups are small; the format leaves their size to the writer."""

    n_rows: int = 1 << 17

    @property
    def block_rows(self) -> int:
        """Rows of a full block."""
        return self.n_rows


def integers(seed: int, count: int, below: int) -> np.ndarray:
    """Numbers that look random: the upper bits of a linear congruential sequence."""
    state, found = seed, []
    for _ in range(count):
        state = (6364136223846793005 * state + 1442695040888963407) % 2**64
        found.append((state >> 33) % below)
    return np.array(found, np.int64)


# Every type, no network

_INTEGERS = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")
_STEPS = (1, 1, 1 << 16, 1 << 40, 1, 1, 1 << 16, 1 << 40)
_FLOATS = {"float16": pa.float16(), "float32": pa.float32(), "float64": pa.float64()}
_BITS = {"float16": "u2", "float32": "u4", "float64": "u8"}
#: As bits: NaN with a payload, signalling NaN, negative NaN, +Inf, -Inf, -0.0, subnormals.
_SPECIAL = {
    "float16": "7e5a 7d01 fe00 7c00 fc00 8000 0001 83ff",
    "float32": "7fc0beef 7f800001 ffc00000 7f800000 ff800000 80000000 00000001 807fffff",
    "float64": "7ff800000000cafe 7ff0000000000001 fff8000000000000 7ff0000000000000 "
    "fff0000000000000 8000000000000000 0000000000000001 800fffffffffffff",
}


def linear_quantizers(
    offsets: Iterable[float], tolerances: Iterable[float]
) -> tuple[Quantizer, ...]:
    """Equal cells of each column; none of those that are exact."""
    pairs = zip(offsets, tolerances, strict=True)
    return tuple(Quantizer.linear(float(offset), float(bound)) for offset, bound in pairs)


def types_case() -> Golden:
    """All numeric types within a tolerance and exact, missing and special values, kept columns."""
    features = types_features(0, 1)
    schema = pa.schema([*features.schema, *kept_columns(1).schema], {"made by": "a formula"})
    tolerance = [_types_tolerance(name) for name in features.column_names]
    codec = ArchiveCodec(
        schema=TableSchema(schema, tuple(features.column_names)),
        quantizers=linear_quantizers(
            [0.0 if name != "offset" else -273.15 for name in features.column_names], tolerance
        ),
        std=np.ones(len(tolerance)),
        predictor=None,
        network=None,
        provenance=PROVENANCE,
    )
    tables = {f"day={day}/part-0.parquet": types_table(day, n, schema) for day, n in _DAYS}
    own = tables["day=2/part-0.parquet"]
    own = own.select(own.column_names[::-1]).replace_schema_metadata({"day": "two"})
    return Golden(codec, {**tables, "day=2/part-0.parquet": own}, block_rows=31)


_DAYS = ((1, 70), (2, 9), (3, 0))


def types_table(seed: int, n_rows: int, schema: pa.Schema) -> pa.Table:
    """One fragment; its last column of features has metadata."""
    columns = [*types_features(seed, n_rows).columns, *kept_columns(n_rows).columns]
    return pa.table(columns, schema=schema)


def types_features(seed: int, n_rows: int) -> pa.Table:
    """Feature columns; names that end in `exact` have tolerance 0."""
    columns: dict[str, pa.Array] = {}
    for number, (kind, step) in enumerate(zip(_INTEGERS, _STEPS, strict=True)):
        info = np.iinfo(kind)
        values = (integers(seed + number, n_rows, 120) * step).astype(kind)
        values[::9] = info.max
        values[4::9] = info.min
        columns[kind] = pa.array(values, mask=np.arange(n_rows) % 5 == number % 5)
        columns[f"{kind} exact"] = pa.array(values)
    for number, (kind, arrow) in enumerate(_FLOATS.items()):
        values = (integers(seed + 9 + number, n_rows, 4000) / 32 - 60).astype(kind)
        columns[f"{kind} plain"] = pa.array(values, arrow)
        columns[kind] = pa.array(_with_special(values), arrow, mask=np.arange(n_rows) % 8 == 7)
        columns[f"{kind} exact"] = pa.array(_with_special(values), arrow)
    return pa.table({**columns, **_odd_columns(seed, n_rows)})


def _with_special(values: np.ndarray) -> np.ndarray:
    """Every fifth value is a special one, bit for bit."""
    kind = values.dtype.name
    bits = values.view(_BITS[kind]).copy()
    special = np.array([int(word, 16) for word in _SPECIAL[kind].split()], _BITS[kind])
    bits[::5] = np.resize(special, len(bits[::5]))
    return bits.view(kind)


def _odd_columns(seed: int, n_rows: int) -> dict[str, pa.Array]:
    """A constant, one without values, half of them null, few null, an offset, wide integers."""
    values = integers(seed + 20, n_rows, 1000) / 8
    is_half = integers(seed + 21, n_rows, 2) == 1
    return {
        "constant": pa.array(np.full(n_rows, 0.1)),
        "constant exact": pa.array(np.full(n_rows, -0.0, np.float32)),
        "nothing": pa.nulls(n_rows, pa.float64()),
        "half null": pa.array(values, mask=is_half),
        "few null": pa.array(values, mask=np.arange(n_rows) % 30 == 11),
        "offset": pa.array(values - 273.15),
        "wide": pa.array(values * 1e6),
        "wider": pa.array(values * 1e11),
        "huge": pa.array(values * 1e300),
    }


def _types_tolerance(name: str) -> float:
    if name.endswith("exact"):
        return 0.0
    special = {"offset": 0.05, "wide": 0.5, "wider": 0.25, "huge": 1e299, "int64": 1 << 38}
    return float(special.get(name, 0.25 if name.startswith("float") else 1.0))


def kept_columns(n_rows: int) -> pa.Table:
    """What an archive copies."""
    start = datetime(2020, 2, 29, 23, 59, tzinfo=UTC)
    rows = range(n_rows)
    times = [start + timedelta(microseconds=row) for row in rows]
    lists = [None if row % 7 == 3 else list(range(row % 4)) for row in rows]
    words = pa.array([("low", "high", None)[row % 3] for row in rows], pa.string())
    return pa.table(
        {
            "text": pa.array([f"řádek {row}" for row in rows], pa.string()),
            "when": pa.array(times, pa.timestamp("us", "Europe/Prague")),
            "price": pa.array([Decimal(row * 7) / 100 for row in rows], pa.decimal128(9, 2)),
            "level": words.dictionary_encode(),
            "parts": pa.array(lists, pa.list_(pa.int16())),
        }
    )


# Networks

#: Names and types of the network cases' columns; the network sees the first five.
_COLUMNS = {
    "left": pa.float64(),
    "right": pa.float64(),
    "bent": pa.float32(),
    "mixed": pa.float64(),
    "count": pa.int32(),
    "alone": pa.float64(),
    "exact": pa.float32(),
    "echo": pa.int32(),
}
_N_SEEN = 5
_BLOCK_ROWS = 122
_TOLERANCE = np.array([0.5, 0.25, 0.125, 0.01, 3.0, 0.5, 0.0, 2.0])
_OFFSET = np.array([0.0, 100.0, -8.0, 0.1, 7.0, 0.0, 0.0, -3.0])


def network_case() -> Golden:
    """One row is one input; two partitions; nothing but the network predicts."""
    sizes = {"day=1/part-0.parquet": 190, "day=2/part-0.parquet": 61}
    return _network_golden(1, sizes, predictor=None)


def window_case() -> Golden:
    """Four rows are one input, and neither blocks nor fragments have a multiple of four.

    One column is predicted from the cells of others, so that a block has every method.
    """
    sizes = {"day=1/part-0.parquet": 183, "day=2/part-0.parquet": 103}
    return _network_golden(4, sizes, echo_predictor())


def classes_case() -> Golden:
    """Columns that are quiet here and busy there, as the network or other columns say."""
    codec = network_codec(hand_set_network(1), echo_predictor(), pa.schema(list(_COLUMNS.items())))
    tables = {"day=1/part-0.parquet": gated_table(hand_set_network(1), 3, 700)}
    return Golden(codec, tables)


def _network_golden(
    window: int, sizes: dict[str, int], predictor: LinearPredictor | None
) -> Golden:
    network = hand_set_network(window)
    codec = network_codec(network, predictor, pa.schema(list(_COLUMNS.items())))
    blocks = {
        name: [
            predicted_table(network, seed + start, min(_BLOCK_ROWS, n_rows - start))
            for start in range(0, n_rows, _BLOCK_ROWS)
        ]
        for seed, (name, n_rows) in enumerate(sizes.items())
    }
    tables = {name: pa.concat_tables(parts) for name, parts in blocks.items()}
    return Golden(codec, tables, _BLOCK_ROWS)


def network_codec(
    network: ArchiveNetwork, predictor: LinearPredictor | None, arrow: pa.Schema
) -> ArchiveCodec:
    """The codec of `predicted_table`; columns of `arrow` beyond are kept."""
    return ArchiveCodec(
        schema=TableSchema(arrow, tuple(_COLUMNS)),
        quantizers=linear_quantizers(_OFFSET, _TOLERANCE),
        std=np.ones(len(_COLUMNS)),
        predictor=predictor,
        network=network,
        provenance=PROVENANCE,
    )


def hand_set_network(window: int) -> ArchiveNetwork:
    """Two codes: the first row's `left` and the last row's `right`, in tolerance units."""
    wide = window * _N_SEEN
    architecture = Architecture(wide, 2, (1,), (3,), "relu", "residual")
    encoder = {
        name: np.zeros(shape, np.float32)
        for name, shape in architecture.weight_shapes().items()
        if name.startswith("encoder/")
    }
    encoder["encoder/skip/kernel"][0, 0] = 1
    encoder["encoder/skip/kernel"][wide - _N_SEEN + 1, 1] = 1
    scale = np.where(np.arange(len(_COLUMNS)) < _N_SEEN, 2 * _TOLERANCE, 0.0)
    return ArchiveNetwork(
        standardization=Standardization(_OFFSET, scale, 4096.0),
        window=window,
        architecture=architecture,
        encoder=encoder,
        encoder_bits=8,
        code_step=np.float32([1, 1]),
        decoder=hand_set_decoder(window),
    )


def hand_set_decoder(window: int) -> IntegerDecoder:
    """Per row left, right, bent, mixed and count; hidden units round ties and are clipped."""
    per_row = np.arange(window, dtype=np.float32)
    bias = np.zeros((window, _N_SEEN), np.float32)
    bias[:, 0], bias[:, 3], bias[:, 4] = per_row, 0.3125, -per_row
    skip = np.tile(np.int16([[1, 0, 0, -3, 5], [0, 1, 0, 7, 0]]), (1, window))
    branch = np.int8([[0, 0, 64, 1, -127], [0, 0, -32, 5, 0], [0, 0, 3, 0, 90]])
    return IntegerDecoder(
        hidden_weights=np.int8([[1, -2, 0], [-1, 1, 127]]),
        hidden_shift=np.int8([7, 3, 9]),
        hidden_bias=np.float32([0.0, 1.5, 0.25]),
        output_weights=np.tile(branch, (1, window)),
        output_shift=np.tile(np.int8([0, 0, -3, 1, 2]), window),
        skip_weights=skip,
        skip_shift=np.tile(np.int8([0, 0, 0, 2, 1]), window),
        output_bias=bias.ravel(),
    )


def echo_predictor() -> LinearPredictor:
    """`echo` from the row before of `left` and from `bent` and `alone`; of others, nothing."""
    rules = {"echo": Rule([("left", 1, 3), ("bent", 0, -1), ("alone", 0, 2)], bias=5, shift=1)}
    order = ["exact", "alone", "bent", "left", "echo", "count", "right", "mixed"]
    return make_predictor(tuple(_COLUMNS), order, rules)


def predicted_table(network: ArchiveNetwork, seed: int, n_rows: int) -> pa.Table:
    """A block that is predicted but for a few rows, nulls, NaN and infinities."""
    units = _units_of(network, seed, n_rows)
    units[5] = integers(seed + 9, n_rows, 50).astype(float)
    arrays = {
        number: _disturbed(_OFFSET[number] + 2 * _TOLERANCE[number] * units[number], number)
        for number in sorted(units)
    }
    arrays[6] = pa.array((integers(seed + 11, n_rows, 999) / 7).astype(np.float32))
    cells = np.zeros((len(_COLUMNS), n_rows))
    for number, array in arrays.items():
        cells[number] = cells_of(array, _OFFSET[number], _TOLERANCE[number])
    echo = echo_predictor().base(7, cells) + integers(seed + 13, n_rows, 3)
    arrays[7] = _disturbed(_OFFSET[7] + 2 * _TOLERANCE[7] * echo, 7)
    return pa.table(list(arrays.values()), list(_COLUMNS))


def _units_of(network: ArchiveNetwork, seed: int, n_rows: int) -> dict[int, np.ndarray]:
    """What the network says of codes that look random."""
    n_windows = network.n_windows(n_rows)
    codes = np.stack([integers(seed, n_windows, 400), integers(seed + 5, n_windows, 300) - 150])
    return network.predict(codes.T.copy(), n_rows)


def gated_table(network: ArchiveNetwork, seed: int, n_rows: int) -> pa.Table:
    """As `predicted_table`, but `mixed` and `echo` are as they should be in some rows only."""
    table = predicted_table(network, seed, n_rows)
    mixed = _units_of(network, seed, n_rows)[3]
    mixed = mixed + (integers(seed + 17, n_rows, 64) - 32) * (mixed > np.median(mixed))
    cells = np.stack(
        [
            cells_of(table[name].combine_chunks(), offset, tolerance)
            for name, offset, tolerance in zip(_COLUMNS, _OFFSET, _TOLERANCE, strict=True)
        ]
    )
    context_values = echo_predictor().context_values(7, cells)
    echo = integers(seed + 19, n_rows, 99) * (context_values > np.median(context_values))
    for number, units in ((3, mixed), (7, echo)):
        values = _OFFSET[number] + 2 * _TOLERANCE[number] * units
        table = table.set_column(number, table.column_names[number], _disturbed(values, number))
    return table


def _disturbed(values: np.ndarray, number: int) -> pa.Array:
    """Some values are a few units off; `bent` has NaN and infinities, `mixed` has nulls."""
    rows, kind = np.arange(len(values)), list(_COLUMNS.values())[number]
    if number >= 2:
        values = values + (rows % 17 == number) * 6 * _TOLERANCE[number]
    dtype = kind.to_pandas_dtype()
    values = (np.rint(values) if kind == pa.int32() else values).astype(dtype)
    if number == 2:
        values[3::29] = np.uint32(0x7FC00ABC).view(np.float32)
        values[5::31] = np.inf
    mask = rows % 13 == 6 if number == 3 else None
    return pa.array(values, kind, mask=mask)


# Linear predictors


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
    """What other columns are predicted from, in all rows."""
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


# Features


def features_case() -> Golden:
    """The codec whose two latents are two numbers that every column is a sum of."""
    from tests.support.networks import hand_set_codec, hand_set_table

    tables: dict[str, pa.Table] = {}
    for seed, (name, n_rows) in enumerate({"part-0.parquet": 40, "part-1.parquet": 7}.items()):
        left, right = integers(seed, n_rows, 64) / 4, integers(seed + 3, n_rows, 64) / 4 - 8
        table = pa.Table.from_batches([hand_set_table(left.tolist(), right.tolist())])
        is_null = pa.array(np.arange(n_rows) % 6 == 1)
        holes = pa.compute.if_else(is_null, pa.scalar(None, pa.float64()), table["left"])
        wild = table["right"].to_numpy().copy()
        wild[2::7], wild[3::7], wild[4::7] = np.nan, np.inf, -np.inf
        table = table.set_column(1, table.schema.field("left"), holes)
        tables[f"day=1/{name}"] = table.set_column(2, table.schema.field("right"), pa.array(wild))
    return Golden(hand_set_codec(), tables)


# Grids of decimals and of floating-point numbers, predicted from each other

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


CASES: dict[str, Callable[[], Golden]] = {
    "archive-3.0/types": types_case,
    "archive-3.0/network": network_case,
    "archive-3.0/window": window_case,
    "archive-3.0/predictor": predictor_case,
    "archive-3.0/classes": classes_case,
    "archive-3.0/grids": grids_case,
    "features-3.0/bends": features_case,
}


# Writing


def write_case(name: str, root: Path) -> None:
    """Write one case below `root`; FileExistsError if it is there."""
    kind, version = name.split("/", maxsplit=1)[0].split("-")
    if version != FORMAT_VERSION:
        raise ValueError(f"{name}: this release writes format {FORMAT_VERSION}")
    folder = root / name
    folder.mkdir(parents=True)
    golden = CASES[name]()
    with tempfile.TemporaryDirectory() as scratch:
        source = _write_sources(golden, Path(scratch) / "source")
        if kind == "archive":
            _write_archive(golden, source, folder / "dataset")
        else:
            _write_features(golden, source, folder / "dataset", Path(scratch) / "codec")
    write_expected(folder)


def _write_sources(golden: Golden, root: Path) -> Path:
    """Source fragments, without dictionaries, which make all NaN one."""
    for relative, table in golden.tables.items():
        path = root / relative
        path.parent.mkdir(parents=True, exist_ok=True)
        words = [name for name in table.column_names if name == "level"]
        pq.write_table(table, path, use_dictionary=words or False)
    return root


def _write_archive(golden: Golden, source: Path, archive: Path) -> None:
    """As `encode` does, but with small blocks; then hold every value to its promise."""
    codec = golden.codec
    assert isinstance(codec, ArchiveCodec)
    own = {field.name: getattr(codec, field.name) for field in fields(codec)}
    format = ArchiveFormat(_SmallBlocks(**own, n_rows=golden.block_rows))
    save_archive_codec(codec, codec_directory(archive, codec.id))
    write_marker(archive, Marker("archive", codec.id))
    for fragment in discover(source).fragments:
        arrow = pq.read_schema(fragment.path)
        is_same = arrow.equals(codec.schema.arrow, check_metadata=True)
        footer = Footer("archive", codec.id, fingerprint(fragment), fragment.size_bytes)
        footer = replace(footer, schema=None if is_same else arrow)
        path = archive / fragment.relative
        path.parent.mkdir(parents=True, exist_ok=True)
        format.write(fragment, path, footer, arrow)
    with np.errstate(invalid="ignore"):  # signalling NaN are cast to measure errors
        report = verify(VerifyJob(archive=str(archive), source=str(source)))
    if report.failures:
        raise ValueError(f"{archive}: {report.failures[0]}")


def _write_features(golden: Golden, source: Path, features: Path, codec: Path) -> None:
    assert isinstance(golden.codec, FeaturesCodec)
    save_features_codec(golden.codec, codec)
    encode(EncodeJob(source=str(source), features=str(features), codec=str(codec)))


def write_expected(folder: Path) -> None:
    """Decode a case and write down what came out."""
    with tempfile.TemporaryDirectory() as scratch:
        tables = decode_case(folder, Path(scratch) / "decoded")
    tree = {relative: describe(table) for relative, table in tables.items()}
    text = json.dumps(tree, indent=1, ensure_ascii=False) + "\n"
    (folder / EXPECTED_FILE).write_text(text, encoding="utf-8")


# Reading, for the tests as well


def decode_case(folder: Path, destination: Path) -> dict[str, pa.Table]:
    """Decoded fragments of a case by relative path."""
    key = folder.parent.name.split("-", maxsplit=1)[0]
    job = DecodeJob.model_validate({key: str(folder / "dataset"), "decoded": str(destination)})
    report = decode(job)
    if report.failures:
        raise ValueError(f"{folder}: {report.failures[0]}")
    return {
        fragment.relative: pq.ParquetFile(fragment.path).read()
        for fragment in discover(destination).fragments
    }


def describe(table: pa.Table) -> dict[str, Any]:
    """A table as JSON in which every bit is seen."""
    columns = {name: describe_column(table[name].combine_chunks()) for name in table.column_names}
    schema = base64.b64encode(table.schema.serialize().to_pybytes()).decode()
    return {"schema": schema, "n_rows": len(table), "columns": columns}


def describe_column(column: pa.Array) -> str | list[str | None]:
    """Numbers as hex digits of their bits, `-` for null; all else as text."""
    kind = column.type
    if not (pa.types.is_integer(kind) or pa.types.is_floating(kind)):
        return [None if value is None else str(value) for value in column.to_pylist()]
    width = kind.bit_width // 8
    offset = column.offset * width
    content = column.buffers()[1].to_pybytes()[offset:] if len(column) else b""
    valid = column.is_valid().to_pylist()
    words = (content[width * row : width * (row + 1)][::-1].hex() for row in range(len(column)))
    return " ".join(word if is_valid else "-" for word, is_valid in zip(words, valid, strict=True))


def main() -> None:
    """Write the cases that are not there."""
    for name in CASES:
        if (GOLDEN / name).exists():
            sys.stdout.write(f"{name}: is there, never written again\n")
            continue
        write_case(name, GOLDEN)
        sys.stdout.write(f"{name}: written\n")


if __name__ == "__main__":
    main()
