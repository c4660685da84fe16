"""Arrow columns ↔ contiguous numeric blocks, with missing values set aside exactly."""

from ae_pipeline.blocks.block import Block, block_to_arrays, records_to_block, rows_per_block
from ae_pipeline.blocks.matrix import block_to_matrix, matrix_to_values
from ae_pipeline.blocks.missing import pack_missing, unpack_missing
from ae_pipeline.blocks.weight import cut, leaves, weight_of
from ae_pipeline.blocks.windows import rows_to_windows, windows_to_rows

__all__ = [
    "Block",
    "block_to_arrays",
    "block_to_matrix",
    "cut",
    "leaves",
    "matrix_to_values",
    "pack_missing",
    "records_to_block",
    "rows_per_block",
    "rows_to_windows",
    "unpack_missing",
    "weight_of",
    "windows_to_rows",
]
