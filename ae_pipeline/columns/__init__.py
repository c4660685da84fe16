"""Tables as columns: roles, statistics, tolerances, and how far decoded values are off."""

from ae_pipeline.columns.classes import ClassCounts
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
from ae_pipeline.columns.roles import declared_keys, pinned_columns, resolve_roles
from ae_pipeline.columns.rounding import rounded
from ae_pipeline.columns.schema import (
    MAX_FEATURES,
    TableSchema,
    check_unique_names,
    deserialize_schema,
    misfits,
    serialize_schema,
)
from ae_pipeline.columns.stability import Reference, reference_of, stability_index
from ae_pipeline.columns.standardization import Standardization, fit_standardization, is_rare
from ae_pipeline.columns.statistics import ColumnStatistics, measure, priority_threshold
from ae_pipeline.columns.tolerance import resolve_tolerances
from ae_pipeline.columns.vectors.lanes import (
    LaneReader,
    Vectors,
    count_lanes,
    has_lanes,
    is_vector,
    lane_names,
)

__all__ = [
    "FLAT_R2",
    "MAX_FEATURES",
    "ClassCounts",
    "ColumnStatistics",
    "ErrorMetrics",
    "ErrorSums",
    "Fidelity",
    "LaneReader",
    "Reference",
    "Standardization",
    "TableSchema",
    "Vectors",
    "Verdict",
    "check_unique_names",
    "column_metrics",
    "count_lanes",
    "declared_keys",
    "deserialize_schema",
    "fine_tolerance",
    "fit_standardization",
    "has_lanes",
    "is_rare",
    "is_vector",
    "judge",
    "lane_names",
    "mean_metrics",
    "measure",
    "measure_errors",
    "misfits",
    "pinned_columns",
    "priority_threshold",
    "reference_of",
    "resolve_roles",
    "resolve_tolerances",
    "rounded",
    "serialize_schema",
    "stability_index",
    "verdict_of",
]
