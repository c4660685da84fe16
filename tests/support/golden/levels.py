"""A golden case of rows between neighbours, with bounds that differ from block to block."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa

from ae_pipeline.mapping.strings.word_table import pack_words
from ae_pipeline.table import SubColumnModel
from ae_pipeline.table.model import Hierarchy, Signal
from tests.support.golden.case import Golden, integers
from tests.support.golden.mapped_columns import MappedColumn
from tests.support.golden.table_parts import hand_set_model
from tests.support.golden.tables import exact_codec, table_of

_ROWS, _LATER_ROWS, _BLOCK_ROWS = 190, 70, 64
_WORDS = {"kind": "stored", "inner": {"kind": "words", "has_nulls": False}}
_ZONES = [b"zone 0", b"zone 1", b"zone 2"]
_INTEGER = {"kind": "integer", "has_nulls": False, "offset": 0, "step": 1}


def levels_case() -> Golden:
    """Columns in hierarchies, of integers and of distances, by signals of their neighbours."""
    models = [
        _between("tide", 0, 63, Signal("mean"), 30, has_distances=False),
        _between("swell", -9, 9, Signal("gap"), 6, has_distances=True),
        _between("holes", -20, 20, Signal("level"), 3, has_distances=True),
    ]
    columns = _columns(0, _ROWS)
    codec = exact_codec(columns, ["hour", "holes?"], models)
    tables = {
        "day=1/part-0.parquet": table_of(columns),
        "day=2/part-0.parquet": table_of(_columns(500, _LATER_ROWS)),
    }
    return Golden(codec, tables, _BLOCK_ROWS)


def _between(
    name: str, low: int, high: int, signal: Signal, threshold: int, *, has_distances: bool
) -> SubColumnModel:
    model = hand_set_model(name, low, high, asks=(signal, threshold))
    model = replace(model, hierarchy=Hierarchy(5, has_distances))
    if not has_distances:
        return model
    # Those of the first rows are long.
    bins = replace(
        model.bins,
        low=np.array([-9000, low, high + 1], np.int64),
        high=np.array([low - 1, high, 9000], np.int64),
        n_inside=np.zeros(3, np.int32),
    )
    return replace(model, bins=bins, codes=np.array([[4, 20, 4, 1]] * 2, np.uint8))


def _columns(start: int, n_rows: int) -> dict[str, MappedColumn]:
    rows = np.arange(start, start + n_rows)
    noise = integers(start + 3, n_rows, 9)
    tide = integers(start + 8, n_rows, 60)
    swell = 37 * rows + noise
    holes = [None if row % 11 == 4 else int(one) for row, one in enumerate(3 * rows + 2 * noise)]
    words = [f"zone {row // 32}" for row in rows.tolist()]
    with_nulls = _INTEGER | {"has_nulls": True}
    return {
        "hour": MappedColumn(pa.int32(), _INTEGER, rows.tolist()),
        "tide": MappedColumn(pa.int64(), _INTEGER, tide.tolist()),
        "swell": MappedColumn(pa.int64(), _INTEGER, swell.tolist()),
        "holes": MappedColumn(pa.int64(), with_nulls, holes),
        "zone": MappedColumn(pa.string(), _WORDS, words, (pack_words(_ZONES),)),
    }
