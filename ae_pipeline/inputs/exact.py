"""Values that a network cannot give back, kept exactly beside the latents.

A value far outside the range that the network learned, another value of a column that was constant,
or a category that the codec has no place for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Bool, Float64, Int64

from ae_pipeline.blocks.block import Block, block_to_arrays
from ae_pipeline.columns import TableSchema
from ae_pipeline.columns.vectors.lanes import LaneReader
from ae_pipeline.inputs.category import UNKNOWN, decoded, plain_type
from ae_pipeline.inputs.row import RowInputs


@dataclass(frozen=True)
class ExactLane:
    """Exact values of one lane.

    Args:
        rows: of the values, ascending.
        values: of the type that `lane_kinds` tells, without nulls.
    """

    rows: Int64[np.ndarray, "values"]
    values: pa.Array

    def put(self, column: pa.Array) -> pa.Array:
        """Return a column of the same type with these values in their rows."""
        places = np.arange(len(column))
        places[self.rows] = len(column) + np.arange(len(self.rows))
        return pa.concat_arrays([column, self.values]).take(pa.array(places))


@dataclass(frozen=True)
class ExactValues:
    """Exact values of some rows, by the number of their lane; lanes without any are not there."""

    lanes: Mapping[int, ExactLane] = field(default_factory=dict)

    def __len__(self) -> int:
        return sum(len(lane.rows) for lane in self.lanes.values())

    def put(self, lane: int, column: pa.Array) -> pa.Array:
        """Return the column of one lane with its exact values in their rows."""
        return self.lanes[lane].put(column) if lane in self.lanes else column


def lane_kinds(schema: TableSchema) -> list[pa.DataType]:
    """Return the type of each lane: of a dictionary its values', of vectors their numbers'."""
    return [plain_type(kind) for kind in schema.lane_types]


def find_exact(
    records: pa.RecordBatch, names: tuple[str, ...], block: Block, inputs: RowInputs
) -> ExactValues:
    """Find the values that the network does not see as they are.

    Args:
        records: rows of the source.
        names: of the lanes.
        block: the same rows, as `read_block` returns them.
        inputs: what the network sees of them.
    """
    reader, found = LaneReader(records), {}
    is_far = _is_clipped(block, inputs)
    for lane, name in enumerate(names):
        if lane in inputs.categories:
            is_far[lane] = block.values[lane] == UNKNOWN
        elif inputs.standardization.is_constant[lane]:
            center = inputs.standardization.center[lane]
            is_far[lane] = _differs(reader.lane(name), block.values[lane], center)
        rows = np.flatnonzero(is_far[lane])
        if len(rows):
            found[lane] = ExactLane(rows, decoded(reader.lane(name)).take(pa.array(rows)))
    return ExactValues(found)


def _is_clipped(block: Block, inputs: RowInputs) -> Bool[np.ndarray, "lanes rows"]:
    """Return which numbers lie beyond what the network sees."""
    standardization = inputs.standardization
    with np.errstate(invalid="ignore", over="ignore"):
        reach = np.abs(block.values - standardization.center[:, None])
        is_far: Bool[np.ndarray, "lanes rows"] = (
            reach > (standardization.clip_sigma * standardization.scale)[:, None]
        )
    return is_far


def _differs(
    column: pa.Array, values: Float64[np.ndarray, "rows"], center: float
) -> Bool[np.ndarray, "rows"]:
    """Return where a constant does not decode to the value, which float64 may have rounded."""
    is_present = ~np.isnan(values)
    if pa.types.is_floating(column.type):
        return is_present & (values != center)
    constant = block_to_arrays(Block(np.full((1, 1), center), None), [column.type])[0]
    differs = pc.fill_null(pc.not_equal(column, constant[0]), fill_value=True)
    is_other: Bool[np.ndarray, "rows"] = differs.to_numpy(zero_copy_only=False)
    return is_other & is_present
