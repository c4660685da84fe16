"""Learn a table model: order, predictions, guesses and contexts, chosen by the bytes they save."""

from ae_pipeline.table_fit.effort import most_seconds
from ae_pipeline.table_fit.fit import FittedTable, SubColumnCost, fit_table
from ae_pipeline.table_fit.repeats import add_hints, choose_references, find_key
from ae_pipeline.table_fit.sample import TableSample

__all__ = [
    "FittedTable",
    "SubColumnCost",
    "TableSample",
    "add_hints",
    "choose_references",
    "find_key",
    "fit_table",
    "most_seconds",
]
