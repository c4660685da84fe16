"""The cost of wide vectors, which no model of a sub-column knows: their lanes are none."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from ae_pipeline.codec.archive import ArchiveCodec, model_bytes, table_lanes
from ae_pipeline.coding import LINEAR_METHODS, BlockStreams
from ae_pipeline.results.fit import ColumnCost


def with_vectors(
    costs: Iterable[ColumnCost], codec: ArchiveCodec, blocks: Sequence[BlockStreams], share: float
) -> tuple[ColumnCost, ...]:
    """Return the costs of columns, with those of wide vectors as they are in blocks.

    Args:
        costs: of all columns.
        codec: of the blocks.
        blocks: of a sample.
        share: rows of the source per row of the sample.
    """
    schema = codec.schema
    narrow = table_lanes(schema, codec.quantizers)
    wide = {
        name: numbers
        for name, numbers, quantizer in zip(
            schema.features, schema.spans, codec.quantizers, strict=True
        )
        if quantizer.grid.has_cells and schema.lanes[numbers.start] not in narrow
    }
    return tuple(
        _measured(cost, codec, blocks, share, wide[cost.name]) if cost.name in wide else cost
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
    way = "linear prediction" if methods & LINEAR_METHODS else "by itself"
    return replace(
        cost,
        way="network" if any(block.codes for block in blocks) and part else way,
        coded_bytes=round(share * coded),
        model_bytes=round(model),
    )


def _seen(codec: ArchiveCodec, numbers: range) -> float:
    """Return the share of the network's columns that are these lanes."""
    if codec.network is None:
        return 0.0
    columns = codec.network.columns.tolist()
    return sum(number in numbers for number in columns) / max(len(columns), 1)


def _lane_bytes(block: BlockStreams, numbers: range) -> int:
    lanes = block.columns[numbers.start : numbers.stop]
    return block.vectors[numbers].n_bytes + sum(lane.n_bytes for lane in lanes)
