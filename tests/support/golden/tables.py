"""Golden cases of whole tables: every kind of mapping, and sub-columns of feature columns."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import numpy as np
import pyarrow as pa

from ae_pipeline.codec.archive import ArchiveCodec, TableCodec, cell_subcolumns
from ae_pipeline.columns import TableSchema
from ae_pipeline.mapping import Mapping, mapping_from_json
from ae_pipeline.table import SubColumnModel
from ae_pipeline.table.model import Dependence, Previous, Relation, Signal, Term
from tests.support.golden.case import PROVENANCE, Golden, integers
from tests.support.golden.mapped_columns import MappedColumn, mapped_columns
from tests.support.golden.networks import (
    echo_predictor,
    gated_table,
    hand_set_network,
    network_codec,
)
from tests.support.golden.table_parts import hand_set_model, pack_models

_ROWS, _LATER_ROWS, _BLOCK_ROWS = 61, 23, 40


def wide_case() -> Golden:
    """Decimals of more than 64 bits, with nulls and without."""
    rows = range(_LATER_ROWS)
    long = [Decimal((-7) ** row * 10**9 + row) for row in rows]
    some = [None if row % 5 == 2 else Decimal(row * 11**17) / 100 for row in rows]
    columns = {
        "long": MappedColumn(pa.decimal256(50, 0), {"kind": "wide", "has_nulls": False}, long),
        "some": MappedColumn(pa.decimal128(30, 2), {"kind": "wide", "has_nulls": True}, some),
    }
    models = [hand_set_model("some/2", -1, 1), hand_set_model("long/5", -1, 1)]
    codec = exact_codec(columns, ["some?"], models)
    return Golden(codec, {"day=1/part-0.parquet": table_of(columns)}, _BLOCK_ROWS)


def mappings_case() -> Golden:
    """Every kind of mapping; a later fragment lacks columns, and has others than expected."""
    columns = mapped_columns(1, _ROWS)
    # Coded not as they stand: what models ask for comes first.
    codec = exact_codec(columns, ["flag", "when?", "tags?", "tags#", "day"], _models())
    tables = {
        "day=1/part-0.parquet": table_of(columns),
        "day=2/part-0.parquet": _later(mapped_columns(99, _LATER_ROWS)),
    }
    return Golden(codec, tables, _BLOCK_ROWS)


def exact_codec(
    columns: dict[str, MappedColumn], first: list[str], models: list[SubColumnModel]
) -> ArchiveCodec:
    """Map all columns; some sub-columns come first in coding order."""
    mappings = [_mapping(name, one) for name, one in columns.items()]
    own = tuple(one for mapping in mappings for one in mapping.subcolumns)
    names = [one.name for one in own]
    order = [*first, *(name for name in names if name not in first)]
    content = pack_models(order, models, own)
    arrow = pa.schema([(name, one.type) for name, one in columns.items()])
    return ArchiveCodec(
        schema=TableSchema(arrow, ()),
        quantizers=(),
        std=np.zeros(0),
        predictor=None,
        network=None,
        provenance=PROVENANCE,
        table=TableCodec(tuple(mappings), (), content),
    )


def _mapping(name: str, column: MappedColumn) -> Mapping:
    return mapping_from_json(column.tree, name, column.type, column.tables)


def _models() -> list[SubColumnModel]:
    """Models of sub-columns of several kinds, with signals and guesses of their own spaces."""
    relation = Relation(-1000, 1, (Term("day", 2), Term("flag", -3)))
    return [
        hand_set_model("flag", 0, 1, (Previous(),)),
        hand_set_model("when?", 0, 1, asks=(Signal("since", ("flag",)), 1)),
        hand_set_model("when", -10, 4000, follows=True),
        hand_set_model("day", 0, 500, asks=(Signal("till", ("flag",)), 1)),
        hand_set_model("tiny", 0, 20, asks=(Signal("cycle", ("day",), (86_400, 7)), 3)),
        hand_set_model("price", -900, 900, (relation,)),
        hand_set_model("word", 0, 9, (Previous(("flag",)),), keys=("flag",)),
        hand_set_model("code/shape", 0, 5, asks=(Signal("lag", ("flag",)), 1)),
        hand_set_model("code/0", 0, 999),
        hand_set_model("tags?", 0, 1),
        hand_set_model("tags#", 0, 4, asks=(Signal("value", ("flag",)), 1)),
        hand_set_model("tags[]", 0, 12),
        hand_set_model("pairs[].size", 0, 5, asks=(Signal("first", ("pairs[]?",)), 0)),
        hand_set_model(
            "pair.size",
            0,
            16,
            (Dependence(("flag",), np.array([1, 2]), np.array([1, 4])),),
        ),
        hand_set_model("cents!", 0, 4),
        hand_set_model("cents~", 0, 12, asks=(Signal("rank", ("cents!",), (0, 3, 1)), 1)),
    ]


def table_of(columns: dict[str, MappedColumn]) -> pa.Table:
    """All columns with their values."""
    arrays = {name: pa.array(one.values, one.type) for name, one in columns.items()}
    return pa.table(arrays)


def _later(columns: dict[str, MappedColumn]) -> pa.Table:
    """Without two columns, one with another type, one with nulls that none had, one all null."""
    table = table_of(columns)
    changed = {
        "tiny": pa.array([f"text {row}" for row in range(_LATER_ROWS)]),
        "most": pa.array([None, *columns["most"].values[1:]], pa.uint64()),
        "word": pa.nulls(_LATER_ROWS, pa.string()),
        "bits": pa.array(np.full(_LATER_ROWS, np.nan, np.float16)),
    }
    for name, array in changed.items():
        table = table.set_column(table.column_names.index(name), name, array)
    table = table.append_column("newcomer", pa.array(range(_LATER_ROWS)))
    return table.drop_columns(["second", "tags"])


def cells_case() -> Golden:
    """Feature columns of a network and a predictor with a table model beside them."""
    network = hand_set_network(1)
    tables = {
        "day=1/part-0.parquet": _cells_table(_gated(3, 122)),
        "day=2/part-0.parquet": _cells_table(_gated(40, 37)),
    }
    arrow = tables["day=1/part-0.parquet"].schema
    codec = network_codec(network, echo_predictor(), arrow)
    exact = {"kind": "float", "has_nulls": False, "n_bits": 32, "scale": "bits"}
    exact |= {"has_specials": False, "has_repairs": False, "offset": 0, "step": 1}
    mappings = (
        mapping_from_json(exact, "exact", pa.float32(), ()),
        mapping_from_json(
            {"kind": "integer", "has_nulls": False, "offset": 7, "step": 1}, "key", pa.int64(), ()
        ),
    )
    names = [name for name in codec.schema.features if name != "exact"]
    lows = dict.fromkeys(names, 0) | {"left": -2, "mixed": 700}
    cells = cell_subcolumns(codec.schema, codec.quantizers, ["mixed"], lows)
    columns = (*cells, *(one for mapping in mappings for one in mapping.subcolumns))
    order = ["mixed?", "left", "echo", "key", "alone", "right", "bent", "count", "mixed", "exact"]
    models = [
        hand_set_model("mixed?", 0, 1, (Previous(),)),
        hand_set_model("key", -50, 50, (Relation(-5, 1, (Term("left", 1),)),)),
        hand_set_model("alone", -50, 50, (Relation(-3, 1, (Term("left", 2),)),)),
        hand_set_model("mixed", -9000, 9000, asks=(Signal("value", ("right",)), 50)),
    ]
    table = TableCodec(mappings, cells, pack_models(order, models, columns), lows)
    return Golden(replace(codec, table=table), tables, 122)


def _gated(seed: int, n_rows: int) -> pa.Table:
    return gated_table(hand_set_network(1), seed, n_rows)


def _cells_table(table: pa.Table) -> pa.Table:
    """Two columns follow from the first: one within a tolerance, and one exactly."""
    n_rows = len(table)
    cells = np.rint(table["left"].to_numpy()).astype(np.int64)
    noise = integers(8, n_rows, 50) * (np.arange(n_rows) % 12 == 5)
    at = table.column_names.index("alone")
    table = table.set_column(at, "alone", pa.array((2 * cells + 1 + noise).astype(np.float64)))
    return table.append_column("key", pa.array(cells + 4 + noise))
