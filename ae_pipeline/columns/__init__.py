"""Tables as columns: roles, statistics, tolerances, and how far decoded values are off."""

from ae_pipeline.columns.fidelity import (
    FLAT_R2,
    Fidelity,
    Verdict,
    fine_tolerance,
    judge,
    verdict_of,
)
from ae_pipeline.columns.metrics import (
    ErrorMetrics,
    ErrorSums,
    column_metrics,
    mean_metrics,
    measure_errors,
)
from ae_pipeline.columns.schema import (
    TableSchema,
    check_unique_names,
    deserialize_schema,
    misfits,
    pinned_columns,
    resolve_roles,
    serialize_schema,
)
from ae_pipeline.columns.stability import Reference, reference_of, stability_index
from ae_pipeline.columns.standardization import Standardization, fit_standardization, is_rare
from ae_pipeline.columns.statistics import ColumnStatistics, measure
from ae_pipeline.columns.tolerance import resolve_tolerances

__all__ = [
    "FLAT_R2",
    "ColumnStatistics",
    "ErrorMetrics",
    "ErrorSums",
    "Fidelity",
    "Reference",
    "Standardization",
    "TableSchema",
    "Verdict",
    "check_unique_names",
    "column_metrics",
    "deserialize_schema",
    "fine_tolerance",
    "fit_standardization",
    "is_rare",
    "judge",
    "mean_metrics",
    "measure",
    "measure_errors",
    "misfits",
    "pinned_columns",
    "reference_of",
    "resolve_roles",
    "resolve_tolerances",
    "serialize_schema",
    "stability_index",
    "verdict_of",
]
