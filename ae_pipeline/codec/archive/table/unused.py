"""The models that no block asks for: bytes that a codec need not keep."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from ae_pipeline.codec.archive.table.codec import TableCodec, validity_of
from ae_pipeline.coding import MODELLED_VALIDITY, BlockStreams, Method
from ae_pipeline.table import TableModel, pack_table


def without_unused(
    table: TableCodec, lanes: Sequence[str], blocks: Sequence[BlockStreams]
) -> TableCodec:
    """Return the table with only the models that blocks use; it encodes their rows as before.

    Args:
        table: of the blocks.
        lanes: names of the lanes of the feature columns.
        blocks: encoded with the table.
    """
    used = {name for block in blocks for name in _used(table, lanes, block)}
    models = tuple(one for one in table.model.models if one.name in used)
    if len(models) == len(table.model.models):
        return table
    columns = tuple(table.subcolumns.values())
    return replace(table, content=pack_table(TableModel(table.model.order, models), columns))


def _used(table: TableCodec, lanes: Sequence[str], block: BlockStreams) -> Iterator[str]:
    """Yield the sub-columns that the model codes in a block."""
    for lane, streams in zip(lanes, block.columns, strict=True):
        if streams.method is Method.TABLE:
            yield lane
        if streams.validity[:1] == bytes([MODELLED_VALIDITY]):
            yield validity_of(lane)
    # What the block follows comes after the mapped columns.
    for mapping, mapped in zip(table.mappings, block.mapped, strict=False):
        for column, stream in zip(mapping.subcolumns, mapped.substreams, strict=False):
            if stream.is_modelled:
                yield column.name
