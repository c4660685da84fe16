"""Golden cases with a network that is set by hand."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from ae_pipeline.codec.archive import ArchiveCodec, ArchiveNetwork
from ae_pipeline.coding import (
    Architecture,
    IntegerDecoder,
    LinearPredictor,
)
from ae_pipeline.columns import Standardization, TableSchema
from tests.support.golden.case import PROVENANCE, Golden, integers, linear_quantizers
from tests.support.golden.predictors import Rule, cells_of, make_predictor

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
    """Predictions of the network for codes that look random."""
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
