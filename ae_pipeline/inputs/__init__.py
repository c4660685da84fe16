"""Columns of every kind as inputs of a network, and its outputs as columns again."""

from ae_pipeline.inputs.category import UNKNOWN, Category
from ae_pipeline.inputs.counts import ColumnCounts, ValueCounts
from ae_pipeline.inputs.cycles import WIDTH as CYCLE_WIDTH
from ae_pipeline.inputs.cycles import Cycle, choose_cycles, possible_cycles
from ae_pipeline.inputs.exact import ExactLane, ExactValues, find_exact, lane_kinds
from ae_pipeline.inputs.kinds import Kinds, choose_kinds
from ae_pipeline.inputs.packing import EXACT_COLUMN, pack_exact, unpack_exact
from ae_pipeline.inputs.records import read_block, write_arrays
from ae_pipeline.inputs.roles import (
    is_counted,
    is_learnable,
    is_measured,
    is_moment,
    is_text,
    learnable_roles,
)
from ae_pipeline.inputs.row import RowInputs
from ae_pipeline.inputs.telling import tell_kinds
from ae_pipeline.inputs.text import Text
from ae_pipeline.inputs.vocabulary import TermCounts

__all__ = [
    "CYCLE_WIDTH",
    "EXACT_COLUMN",
    "UNKNOWN",
    "Category",
    "ColumnCounts",
    "Cycle",
    "ExactLane",
    "ExactValues",
    "Kinds",
    "RowInputs",
    "TermCounts",
    "Text",
    "ValueCounts",
    "choose_cycles",
    "choose_kinds",
    "find_exact",
    "is_counted",
    "is_learnable",
    "is_measured",
    "is_moment",
    "is_text",
    "lane_kinds",
    "learnable_roles",
    "pack_exact",
    "possible_cycles",
    "read_block",
    "tell_kinds",
    "unpack_exact",
    "write_arrays",
]
