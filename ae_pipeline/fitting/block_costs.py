"""The cost of feature columns that have no model of a sub-column, such as wide vectors."""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set
from dataclasses import replace

from ae_pipeline.codec.archive import ArchiveCodec, model_bytes
from ae_pipeline.coding import LINEAR_METHODS, NETWORK_METHODS, BlockStreams, Method
from ae_pipeline.results.fit import ColumnCost


def with_measured(
    costs: Iterable[ColumnCost], codec: ArchiveCodec, blocks: Sequence[BlockStreams], share: float
) -> tuple[ColumnCost, ...]:
    """Return the costs of columns, with those of columns without a model as they are in blocks.

    Args:
        costs: of all columns.
        codec: of the blocks.
        blocks: of a sample.
        share: rows of the source per row of the sample.
    """
    schema = codec.schema
    modelled = set() if codec.table is None else set(codec.table.coders)
    unmodelled = {
        name: numbers
        for name, numbers, quantizer in zip(
            schema.features, schema.spans, codec.quantizers, strict=True
        )
        if quantizer.grid.has_cells and modelled.isdisjoint(schema.lanes[n] for n in numbers)
    }
    return tuple(
        _measured(cost, codec, blocks, share, unmodelled[cost.name])
        if cost.name in unmodelled
        else cost
        for cost in costs
    )


def _measured(
    cost: ColumnCost,
    codec: ArchiveCodec,
    blocks: Sequence[BlockStreams],
    share: float,
    numbers: range,
) -> ColumnCost:
    part = _seen(codec, numbers)
    coded = sum(_lane_bytes(block, numbers) + part * sum(map(len, block.codes)) for block in blocks)
    weights = model_bytes(codec)
    model = part * (weights.get("decoder", 0) + weights.get("encoder", 0))
    methods = {block.columns[number].method for block in blocks for number in numbers}
    return replace(
        cost,
        way=_way(methods),
        coded_bytes=round(share * coded),
        model_bytes=round(model),
    )


def _way(methods: Set[Method]) -> str:
    if methods & NETWORK_METHODS:
        return "network"
    if methods & LINEAR_METHODS:
        return "linear prediction"
    return "a curve through its rows" if Method.SERIES in methods else "by itself"


def _seen(codec: ArchiveCodec, numbers: range) -> float:
    """Return the share of the network's columns that are these lanes."""
    if codec.network is None:
        return 0.0
    columns = codec.network.columns.tolist()
    return sum(number in numbers for number in columns) / max(len(columns), 1)


def _lane_bytes(block: BlockStreams, numbers: range) -> int:
    lanes = block.columns[numbers.start : numbers.stop]
    shared = block.vectors[numbers].n_bytes if numbers in block.vectors else 0
    return shared + sum(lane.n_bytes for lane in lanes)
