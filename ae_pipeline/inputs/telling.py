"""Tell what latents would make of each column of a table, before any training."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from ae_pipeline.blocks.block import Block, records_to_block
from ae_pipeline.columns import ColumnStatistics, TableSchema, declared_keys, has_lanes, measure
from ae_pipeline.config.columns import ColumnsConfig
from ae_pipeline.errors import NoFeatureColumnError
from ae_pipeline.inputs.counts import ValueCounts
from ae_pipeline.inputs.cycles import choose_cycles
from ae_pipeline.inputs.kinds import Kinds, choose_kinds
from ae_pipeline.inputs.roles import is_counted, is_learnable, is_measured, learnable_roles

_LISTS = "kept: lists of any length"


def tell_kinds(rows: pa.Table, where: str) -> dict[str, str]:
    """Return what each column would be to a network that learns all it can, in words.

    Args:
        rows: of the source, a sample or all.
        where: path for messages.

    Raises:
        ConfigError: two columns share a name.
    """
    try:
        roles = learnable_roles(rows.schema, ColumnsConfig(learn="all"), where)
    except NoFeatureColumnError:
        roles = TableSchema(rows.schema, ())
    records = rows.combine_chunks().to_batches()
    if not records:
        return {}
    statistics = _statistics(records[0], roles)
    pairs = list(zip(roles.features, roles.feature_types, strict=True))
    counts = {
        name: ValueCounts.of(records[0].column(name)) for name, kind in pairs if is_counted(kind)
    }
    kinds = choose_kinds(roles, counts, statistics)
    learned = {name: _told(name, kind, kinds, statistics) for name, kind in pairs}
    keys = declared_keys(rows.schema)
    return {field.name: learned.get(field.name) or _why_kept(field, keys) for field in rows.schema}


def _statistics(records: pa.RecordBatch, roles: TableSchema) -> dict[str, ColumnStatistics]:
    """Measure the columns of one number per row."""
    pairs = zip(roles.features, roles.feature_types, strict=True)
    names = [name for name, kind in pairs if is_measured(kind) and not has_lanes(kind)]
    block: Block = records_to_block(records, names)
    draws = np.random.default_rng(0)
    return {
        name: measure(block.values[number : number + 1], draws) for number, name in enumerate(names)
    }


def _told(
    name: str, kind: pa.DataType, kinds: Kinds, statistics: Mapping[str, ColumnStatistics]
) -> str:
    if name in kinds.kept:
        return f"kept: {kinds.kept[name]}"
    if name in kinds.categories:
        return f"{len(kinds.categories[name].values)} categories"
    if has_lanes(kind):
        return f"vector of {len(TableSchema(pa.schema([(name, kind)]), (name,)).lanes)}"
    own = statistics[name]
    if not own.minimum[0] < own.maximum[0]:
        return "constant"
    cycles = [cycle.name for cycle in choose_cycles(kind, own)]
    if pa.types.is_temporal(kind):
        return f"time ({', '.join(cycles)})" if cycles else "time"
    return "number"


def _why_kept(field: pa.Field, keys: set[str]) -> str:
    if field.name in keys:
        return "kept: key or index"
    if pa.types.is_list(field.type) or pa.types.is_large_list(field.type):
        return _LISTS
    return "kept: too wide" if is_learnable(field.type) else "kept: of this type"
