"""Columns of every kind as inputs of a network, and its outputs as columns again."""

from ae_pipeline.inputs.category import UNKNOWN, Category
from ae_pipeline.inputs.counts import ColumnCounts, ValueCounts
from ae_pipeline.inputs.exact import (
    EXACT_COLUMN,
    ExactValues,
    find_exact,
    pack_exact,
    unpack_exact,
)
from ae_pipeline.inputs.kinds import Kinds, choose_kinds
from ae_pipeline.inputs.records import read_block, write_arrays
from ae_pipeline.inputs.roles import is_counted, is_learnable, is_measured, is_text, learnable_roles
from ae_pipeline.inputs.row import RowInputs
from ae_pipeline.inputs.text import Text
from ae_pipeline.inputs.vocabulary import TermCounts

__all__ = [
    "EXACT_COLUMN",
    "UNKNOWN",
    "Category",
    "ColumnCounts",
    "ExactValues",
    "Kinds",
    "RowInputs",
    "TermCounts",
    "Text",
    "ValueCounts",
    "choose_kinds",
    "find_exact",
    "is_counted",
    "is_learnable",
    "is_measured",
    "is_text",
    "learnable_roles",
    "pack_exact",
    "read_block",
    "unpack_exact",
    "write_arrays",
]
