"""Tolerances as numbers: settings and statistics → one absolute error per column.

Resolved once, at fit time, so data that drifts keeps the same promise.
"""

from __future__ import annotations

from fnmatch import fnmatchcase

import numpy as np
import pyarrow as pa
from jaxtyping import Float, Float64

from ae_pipeline.config import ToleranceConfig, ToleranceRule
from ae_pipeline.errors import ConfigError, listing
from ae_pipeline.quantization import Grid, breaks_promise, dequantize, quantize
from ae_pipeline.schema import TableSchema
from ae_pipeline.statistics import ColumnStatistics

#: A tolerance is never made smaller by more than this share of it.
_LARGEST_MARGIN = 2.0**-7


def resolve_tolerances(
    config: ToleranceConfig, schema: TableSchema, statistics: ColumnStatistics
) -> Float64[np.ndarray, "features"]:
    """Absolute tolerance of each feature column; 0 means bit for bit.

    Integer columns with a tolerance below 1 are exact, because nothing lies between; larger ones
    become the whole number below and a half, which allows the same errors and makes cells of whole
    numbers. Those of floats become a hair smaller where rounding would break the promise. A
    relative tolerance of a column without range is exact.

    Raises:
        ConfigError: a rule matches no feature column.
    """
    for rule in config.rules:
        if not any(_matches(rule, name) for name in schema.features):
            raise ConfigError(
                "no feature column matches",
                where="tolerance.rules",
                expected=f"one of {listing(schema.features)}",
                got=rule.match,
            )
    default = ToleranceRule(match="*", kind="range", value=config.relative)
    resolved = np.zeros(len(schema.features))
    for index, name in enumerate(schema.features):
        rule = next((rule for rule in reversed(config.rules) if _matches(rule, name)), default)
        tolerance = _absolute(rule, statistics, index)
        kind = schema.feature_types[index]
        if pa.types.is_integer(kind):
            resolved[index] = _of_integers(tolerance)
        else:
            seen = statistics.sample[:, index].astype(kind.to_pandas_dtype())
            resolved[index] = _of_floats(tolerance, seen[np.isfinite(seen)])
    return resolved


def _of_integers(tolerance: float) -> float:
    return float(np.floor(tolerance)) + 0.5 if tolerance >= 1 else 0.0


def _of_floats(tolerance: float, seen: Float[np.ndarray, "values"]) -> float:
    """Smaller by what rounding may add to an error, if values were seen that need it.

    Decimals in the middle between two cells are as far off as allowed, and the last bit of what is
    decoded breaks the promise of half of them. In narrower cells there is room for that bit.
    """
    if not tolerance or not _breaks_any(tolerance, seen):
        return tolerance
    epsilon = float(np.finfo(seen.dtype).eps) + 4.0 * float(np.finfo(np.float64).eps)
    margin = epsilon * float(np.abs(seen).max())
    return tolerance - margin if margin <= _LARGEST_MARGIN * tolerance else tolerance


def _breaks_any(tolerance: float, values: Float[np.ndarray, "values"]) -> bool:
    grid = Grid(0.0, tolerance)
    cells = quantize(grid.to_units(values.astype(np.float64)), None)
    decoded = dequantize(grid, cells, None, values.dtype)
    return bool(breaks_promise(values, decoded, tolerance).any())


def _matches(rule: ToleranceRule, name: str) -> bool:
    return name == rule.match or fnmatchcase(name, rule.match)


def _absolute(rule: ToleranceRule, statistics: ColumnStatistics, index: int) -> float:
    """What is no number (no values, overflow), or whose cell width is none, is exact."""
    with np.errstate(over="ignore", invalid="ignore"):
        unit = {
            "range": statistics.maximum[index] - statistics.minimum[index],
            "std": statistics.std[index],
            "absolute": 1.0,
            "exact": 0.0,
        }[rule.kind]
        tolerance = float(rule.value * unit)
        cell_width = 2.0 * tolerance
    return tolerance if np.isfinite(cell_width) else 0.0
