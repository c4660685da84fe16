"""Learn a table model: order, predictions, guesses and contexts, chosen by the bytes they save."""

from ae_pipeline.table_fit.fit import FittedTable, SubColumnCost, fit_table
from ae_pipeline.table_fit.sample import TableSample

__all__ = ["FittedTable", "SubColumnCost", "TableSample", "fit_table"]
