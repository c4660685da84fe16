"""Codecs of whole tables whose models are drawn, not learned, and tables that have drifted."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import numpy as np
import pyarrow as pa

from ae_pipeline.codec.archive import ArchiveCodec, TableCodec, cell_subcolumns
from ae_pipeline.columns import TableSchema
from ae_pipeline.mapping import SubColumn, fit_mapping
from ae_pipeline.table import SubColumnModel
from ae_pipeline.table.model import Dependence, Previous, Relation, Signal, Term
from tests.support.codec.archives import make_codec
from tests.support.golden.table_parts import hand_set_model, pack_models

Random = np.random.Generator
#: Samples stand for as many rows, so that tables of values may pay.
_SHARE = 20.0


def table_codec(
    random: Random, sample: pa.Table, features: Collection[str] = (), tolerance: float = 0.0
) -> ArchiveCodec:
    """A codec of all columns of a table; features within a tolerance are on a grid.

    Args:
        random: draws the coding order and the models.
        sample: of the table that mappings are fitted to.
        features: numeric columns.
        tolerance: of all of them; 0 maps them as others.
    """
    arrow = sample.schema
    names = tuple(name for name in arrow.names if name in features)
    codec = make_codec(pa.schema([arrow.field(name) for name in names]), tolerance)
    codec = replace(codec, schema=TableSchema(arrow, names))
    on_grid = set(names) if tolerance else set()
    mappings = tuple(
        fit_mapping(name, sample[name], _SHARE) for name in arrow.names if name not in on_grid
    )
    nullable = [name for name in names if name in on_grid and random.random() < 0.5]
    lows = {name: int(random.integers(-9, 9)) for name in names if name in on_grid}
    cells = cell_subcolumns(codec.schema, codec.quantizers, nullable, lows)
    columns = (*cells, *(one for mapping in mappings for one in mapping.subcolumns))
    order = _order(random, columns)
    models = drawn_models(random, order, columns)
    return replace(
        codec, table=TableCodec(mappings, cells, pack_models(order, models, columns), lows)
    )


def _order(random: Random, columns: Collection[SubColumn]) -> list[str]:
    """All sub-columns in any order, parents and lengths before those that need them."""
    waiting = {one.name: {one.parent or "", one.space} - {""} for one in columns}
    order: list[str] = []
    while waiting:
        ready = sorted(name for name, needed in waiting.items() if needed <= set(order))
        order.append(ready[int(random.integers(len(ready)))])
        del waiting[order[-1]]
    return order


def drawn_models(
    random: Random, order: list[str], columns: Collection[SubColumn]
) -> list[SubColumnModel]:
    """Models of most sub-columns, each with those before it in its space."""
    spaces = {one.name: one.space for one in columns}
    models = []
    for place, name in enumerate(order):
        # Chains stay far from the bound on their length.
        near = [one for one in order[:place] if spaces[one] == spaces[name]][-20:]
        if random.random() < 0.8 and place < 40:
            models.append(_model(random, name, near))
    return models


def _model(random: Random, name: str, known: list[str]) -> SubColumnModel:
    low = int(random.choice([0, 0, -5, -(1 << 40)]))
    high = low + int(random.choice([1, 9, 300, 1 << 41]))
    guesses: list[Relation | Dependence | Previous] = []
    asks = None
    if random.random() < 0.5:
        guesses.append(Previous())
    if known:
        one = str(random.choice(known))
        if random.random() < 0.5:
            terms = (Term(one, int(random.integers(-2, 3))),)
            guesses.insert(0, Relation(int(random.integers(-9, 9)), 1, terms))
        if random.random() < 0.3:
            keys = np.arange(5, dtype=np.int64)
            guesses.append(Dependence((one,), keys, random.integers(-5, 5, 5)))
        if random.random() < 0.7:
            kind = str(random.choice(["value", "lag", "since", "till", "first", "cycle"]))
            numbers = (3, 7) if kind == "cycle" else ()
            asks = Signal(kind, (one,), numbers), int(random.integers(-1, 5))
    return hand_set_model(name, low, high, tuple(guesses), asks, follows=random.random() < 0.2)


def drifted(random: Random, table: pa.Table, fixed: Collection[str] = ()) -> pa.Table:
    """The table as it might be next month.

    Columns are gone, all null, null here and there, turned into text or extreme; of `fixed` ones
    only values change.
    """
    for name in table.column_names:
        column, at = table[name].combine_chunks(), table.column_names.index(name)
        way = int(random.integers(8))
        if way == 0 and name not in fixed and table.num_columns > 1:
            table = table.remove_column(at)
        elif way == 1 and name not in fixed:
            texts = pa.array([f"text {row}" for row in range(len(column))], pa.string())
            table = table.set_column(at, name, texts)
        elif way == 2:
            table = table.set_column(at, name, pa.nulls(len(column), column.type))
        elif way == 3:
            table = table.set_column(at, name, _with_nulls(random, column))
        elif way == 4:
            table = table.set_column(at, name, extremes(random, column.type, len(column)))
        elif way == 5 and len(column):
            table = table.set_column(at, name, column.take(random.permutation(len(column))))
    return table


def _with_nulls(random: Random, column: pa.Array) -> pa.Array:
    is_null = random.random(len(column)) < 0.3
    return column.take(pa.array(np.arange(len(column)), mask=is_null))


def extremes(random: Random, kind: pa.DataType, n_rows: int) -> pa.Array:
    """Values at the ends of a type, or far from what others hold; nulls of types without any."""
    types = pa.types
    if types.is_integer(kind):
        info = np.iinfo(kind.to_pandas_dtype())
        ends = np.array([info.min, info.max, 0], kind.to_pandas_dtype())
        return pa.array(ends[random.integers(0, 3, n_rows)], kind)
    if types.is_floating(kind):
        dtype = np.dtype(kind.to_pandas_dtype())
        info = np.finfo(dtype)
        odd = [np.nan, np.inf, -np.inf, -0.0, info.max, info.min, info.smallest_subnormal]
        return pa.array(np.array(odd, dtype)[random.integers(0, 7, n_rows)], kind)
    if types.is_string(kind) or types.is_large_string(kind):
        return pa.array([f"unseen {row}" * int(row % 3) for row in range(n_rows)], kind)
    if types.is_timestamp(kind) or types.is_duration(kind):
        ends = np.array([-(1 << 53), 1 << 53, 0])
        return pa.array(ends[random.integers(0, 3, n_rows)]).view(kind)
    return pa.nulls(n_rows, kind)
