"""Records ↔ blocks: the lanes of numbers, and the numbers of categories."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
from jaxtyping import Bool

from ae_pipeline.blocks.block import NULL, Block, block_to_arrays, records_to_block
from ae_pipeline.columns import TableSchema, Vectors, has_lanes
from ae_pipeline.inputs.category import Category, plain_type
from ae_pipeline.inputs.exact import ExactValues


def read_block(
    records: pa.RecordBatch, lanes: Sequence[str], categories: Mapping[int, Category]
) -> Block:
    """Read all lanes of feature columns.

    Args:
        records: rows with the feature columns.
        lanes: names of the lanes to read.
        categories: by the number of their lane; all other lanes are numbers.
    """
    if not categories:
        return records_to_block(records, lanes)
    numbers = [number for number in range(len(lanes)) if number not in categories]
    read = records_to_block(records, [lanes[number] for number in numbers])
    values = np.empty((len(lanes), len(records)))
    missing = np.zeros(values.shape, np.uint8)
    values[numbers] = read.values
    if read.missing is not None:
        missing[numbers] = read.missing
    for lane, category in categories.items():
        values[lane] = category.read(records.column(lanes[lane]))
        missing[lane, np.isnan(values[lane])] = NULL
    return Block(values, missing if missing.any() else None)


def write_arrays(
    block: Block,
    schema: TableSchema,
    categories: Mapping[int, Category],
    exact: ExactValues | None = None,
) -> list[pa.Array]:
    """Return the feature columns that a block holds, each of its type.

    Args:
        block: decoded lanes, missing values marked.
        schema: whose features they are.
        categories: by the number of their lane.
        exact: values that take precedence; None for none.
    """
    beside = ExactValues() if exact is None else exact
    return [
        _column(block, span, kind, categories.get(span.start), beside)
        for span, kind in zip(schema.spans, schema.feature_types, strict=True)
    ]


def _column(
    block: Block,
    span: range,
    kind: pa.DataType,
    category: Category | None,
    exact: ExactValues,
) -> pa.Array:
    chosen = slice(span.start, span.stop)
    part = Block(block.values[chosen], None if block.missing is None else block.missing[chosen])
    if has_lanes(kind):
        return _vectors(part, kind, span, exact)
    plain = plain_type(kind)
    if category is None:
        return exact.put(span.start, block_to_arrays(part, [plain])[0])
    numbers = part.values[0]
    if part.missing is not None:
        numbers = np.where(part.missing[0] != 0, np.nan, numbers)
    column = exact.put(span.start, category.write(numbers, plain))
    return column if plain is kind else column.cast(kind)


def _vectors(lanes: Block, kind: pa.DataType, span: range, exact: ExactValues) -> pa.Array:
    """Return a column of vectors; one whose numbers are all null is null itself."""
    stored = kind.storage_type if isinstance(kind, pa.BaseExtensionType) else kind
    columns = block_to_arrays(lanes, [stored.value_type] * len(lanes.values))
    columns = [exact.put(lane, column) for lane, column in zip(span, columns, strict=True)]
    dtype = np.dtype(stored.value_type.to_pandas_dtype())
    filled = [column.fill_null(0).to_numpy(zero_copy_only=False) for column in columns]
    numbers = np.stack(filled, axis=1).astype(dtype)
    validity = [column.is_valid().to_numpy(zero_copy_only=False) for column in columns]
    is_number: Bool[np.ndarray, "rows lanes"] = np.stack(validity, axis=1)
    is_valid = np.logical_or.reduce(is_number, axis=1)
    is_number |= ~is_valid[:, None]
    return Vectors(numbers, is_valid, None if is_number.all() else is_number).to_arrow(kind)
