"""Resolve tolerances: settings and statistics → a grid and a promise per column.

This happens once, at fit time, so data that drifts keeps the same promise.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from math import ceil, floor, log2
from typing import Any  # a dtype known at run time only

import numpy as np
import pyarrow as pa
from jaxtyping import Shaped

from ae_pipeline.coding import (
    DecimalGrid,
    FloatingGrid,
    LinearGrid,
    Promise,
    Quantizer,
    decade_of,
    dequantize,
    quantize,
)
from ae_pipeline.columns.cells import keeps_apart, origin, through_landmarks, with_room
from ae_pipeline.columns.decimals import decimal_places
from ae_pipeline.columns.schema import TableSchema
from ae_pipeline.columns.spread import Spread, measure_spread
from ae_pipeline.columns.statistics import ColumnStatistics
from ae_pipeline.columns.vectors.cosine_step import cosine_quantizer
from ae_pipeline.columns.vectors.lanes import is_vector, lane_type
from ae_pipeline.config.tolerance import ToleranceConfig, ToleranceRule
from ae_pipeline.errors import ConfigError, listing

#: Orders of magnitude below the least value seen that still have cells: binary and decimal.
_SPARE_EXPONENTS = {2: 16, 10: 5}
_LEAST_EXPONENT = {2: -1000, 10: -280}
#: Decimals, in units of their last place, have fewer digits than this one if they are on a grid.
_MOST_WHOLE = 1e12
#: A finer relative tolerance is exact, since float64 hardly resolves more.
_LEAST_RELATIVE = 2.0**-44
#: Rounds in which a tolerance is fitted to an average error, the part of that error aimed at, and
#: the least factor of a round.
_RMSE_ROUNDS, _SAFE, _SLOWEST = 8, 0.995, 0.5


def resolve_tolerances(
    config: ToleranceConfig, schema: TableSchema, statistics: ColumnStatistics
) -> tuple[Quantizer, ...]:
    """Return grid and promise of each feature column.

    Integer columns with a tolerance below 1 are exact. A larger tolerance becomes the whole number
    below and a half, which allows the same errors and makes cells of whole numbers. Tolerances of
    floats shrink a little where rounding would break the promise. Decimals whose last place is
    coarser than the cells are exact, coded as whole numbers. A column that does not vary is exact
    under a relative tolerance.

    Raises:
        ConfigError: a rule matches no feature column.
    """
    for rule in config.rules:
        if not any(_matches(rule, name) for name in schema.features):
            raise ConfigError(
                "no feature column matches",
                where="tolerance.rules",
                expected=f"one of {listing(schema.features) or 'none: every column is exact'}",
                got=rule.match,
            )
    _check_cosine(config, schema)
    default = ToleranceRule(match="*", kind=config.kind, value=config.relative)
    columns = zip(schema.features, schema.feature_types, schema.spans, strict=True)
    return tuple(
        _quantizer(kind, statistics, numbers, _rule_of(config, name, default))
        for name, kind, numbers in columns
    )


def _rule_of(config: ToleranceConfig, name: str, default: ToleranceRule) -> ToleranceRule:
    return next((rule for rule in reversed(config.rules) if _matches(rule, name)), default)


def _quantizer(
    kind: pa.DataType, statistics: ColumnStatistics, numbers: range, rule: ToleranceRule
) -> Quantizer:
    """Return grid and promise of a column, the same for all lanes of one of vectors."""
    if not is_vector(kind):
        return _Column(kind, statistics, numbers.start).quantizer(rule)
    if rule.kind == "cosine":
        rows = statistics.sample[:, numbers.start : numbers.stop]
        dtype = np.dtype(lane_type(kind).to_pandas_dtype())
        return cosine_quantizer(rows.astype(dtype), rule.value)
    found = _Column(lane_type(kind), statistics.joined(numbers), 0).quantizer(rule)
    # What is rare in one lane may be usual in another.
    return replace(found, ordinary=None)


@dataclass(frozen=True)
class _Column:
    """One column of the statistics."""

    kind: pa.DataType
    statistics: ColumnStatistics
    index: int

    def quantizer(self, rule: ToleranceRule) -> Quantizer:
        """Build the quantizer that a rule asks for."""
        if rule.kind == "decimals":
            return self._rounded(int(rule.value))
        if rule.kind == "digits":
            return self._floating(Promise(digits=int(rule.value)))
        if rule.kind == "relative" and rule.value >= _LEAST_RELATIVE and self._varies:
            return self._floating(Promise(relative=rule.value))
        spread = measure_spread(self.statistics, self.index)
        tolerance = self._absolute(rule, spread)
        quantizer = self._linear(tolerance, spread)
        if quantizer.promise.is_exact:
            return quantizer
        is_spread = rule.kind == "spread"
        if is_spread and keeps_apart(quantizer.grid, self._seen):
            return Quantizer.linear(0.0, 0.0)
        return replace(
            quantizer,
            fill_values=spread.fill_values,
            ordinary=(spread.low, spread.high) if is_spread else None,
            # The usual value is a cell, and average errors are known only for whole cells.
            is_whole=rule.kind in ("rmse", "psnr") or (is_spread and spread.usual is not None),
        )

    def _absolute(self, rule: ToleranceRule, spread: Spread) -> float:
        """Return the tolerance; 0 if it or its cell width is not finite, or there are no values."""
        if not (rule.value and (self._varies or rule.kind == "absolute")):
            return 0.0
        with np.errstate(over="ignore", invalid="ignore"):
            width = self.statistics.maximum[self.index] - self.statistics.minimum[self.index]
            if rule.kind in ("rmse", "psnr"):
                target = rule.value if rule.kind == "rmse" else width * 10 ** (-rule.value / 20)
                return self._of_rmse(float(target), spread)
            unit = {
                "spread": spread.width,
                "range": width,
                "std": self.statistics.std[self.index],
                "absolute": 1.0,
                "relative": 0.0,  # finer than floats resolve
            }[rule.kind]
            tolerance = float(rule.value * unit)
            cell_width = 2.0 * tolerance
        return tolerance if np.isfinite(cell_width) else 0.0

    @property
    def _varies(self) -> bool:
        return bool(self.statistics.minimum[self.index] < self.statistics.maximum[self.index])

    @property
    def _seen(self) -> Shaped[np.ndarray, "values"]:
        """Finite values of the sample in the column's own type."""
        values = self.statistics.sample[:, self.index]
        return values[np.isfinite(values)].astype(self._dtype)

    @property
    def _dtype(self) -> np.dtype[Any]:
        return np.dtype(self.kind.to_pandas_dtype())

    def _linear(self, tolerance: float, spread: Spread) -> Quantizer:
        """Return equal cells, or the whole numbers of decimals that are coarser."""
        if pa.types.is_integer(self.kind):
            tolerance = _of_integers(tolerance)
            return Quantizer.linear(origin(2.0 * tolerance, self._seen, spread), tolerance)
        places = decimal_places(self._seen)
        is_finer = places is not None and 2.0 * tolerance < float(f"1e{-places}")
        if places is not None and is_finer and self._are_few_digits(places):
            grid = DecimalGrid(places, origin(float(f"1e{-places}"), self._seen, spread))
            return Quantizer(grid, Promise())
        tolerance = through_landmarks(with_room(tolerance, self._seen), spread)
        return Quantizer.linear(origin(2.0 * tolerance, self._seen, spread), tolerance)

    def _are_few_digits(self, places: int) -> bool:
        """Whether decimals are such that somebody wrote, not results that were printed in full."""
        return float(np.abs(self._seen).max()) * float(f"1e{places}") < _MOST_WHOLE

    def _rounded(self, places: int) -> Quantizer:
        """Return decimals of `places` digits after the point; integers are exact."""
        if pa.types.is_integer(self.kind) and places >= 0:
            return Quantizer.linear(0.0, 0.0)
        spread = measure_spread(self.statistics, self.index)
        cell = float(f"1e{-places}")
        epsilon = 0.0 if pa.types.is_integer(self.kind) else float(np.finfo(self._dtype).eps)
        largest = max(abs(spread.low), abs(spread.high)) if np.isfinite(spread.low) else 0.0
        grid = DecimalGrid(places, origin(cell, self._seen, spread))
        promise = Promise(0.5 * cell + 2.0 * epsilon * largest)
        return Quantizer(grid, promise, spread.fill_values)

    def _floating(self, promise: Promise) -> Quantizer:
        """Return cells whose width grows with the values."""
        base = 10 if promise.digits else 2
        magnitudes = np.abs(self._seen.astype(np.float64))
        least = float(magnitudes[magnitudes > 0].min(initial=1.0))
        exponent = int(decade_of(np.array([least]))[0]) if base == 10 else floor(log2(least))
        exponent = max(exponent - _SPARE_EXPONENTS[base], _LEAST_EXPONENT[base])
        # A cell of 1 / significand of a power of two is off by half of that at most.
        steps = 10 ** (promise.digits - 1) if promise.digits else ceil(0.5 / promise.relative)
        spread = measure_spread(self.statistics, self.index)
        return Quantizer(FloatingGrid(base, steps, exponent), promise, spread.fill_values)

    def _of_rmse(self, target: float, spread: Spread) -> float:
        """Return a tolerance whose errors in the sample have at most this root mean square.

        Errors that spread evenly over a cell have a root mean square of tolerance / sqrt(3). If the
        rounds do not settle, the target itself is the tolerance, so no error exceeds it.
        """
        tolerance = _SAFE * target * float(np.sqrt(3.0))
        seen = self._seen
        if not (np.isfinite(2.0 * tolerance) and tolerance > 0 and len(seen)):
            return 0.0
        for _ in range(_RMSE_ROUNDS):
            is_whole = pa.types.is_integer(self.kind)
            used = _of_integers(tolerance) if is_whole else tolerance
            if not used:
                return tolerance  # too fine for whole numbers: they are exact
            found = _rmse(self._seen, LinearGrid(origin(2.0 * used, self._seen, spread), used))
            if found <= _SAFE * target:
                return tolerance
            tolerance *= max(_SLOWEST, _SAFE * _SAFE * target / found)
        return target


def _of_integers(tolerance: float) -> float:
    """Return the tolerance that allows the same errors and has cells of whole numbers."""
    return floor(tolerance) + 0.5 if tolerance >= 1 else 0.0


def _rmse(seen: Shaped[np.ndarray, "values"], grid: LinearGrid) -> float:
    """Measure values decoded to their own type; those too far out for a cell are exact."""
    source = seen.astype(np.float64)
    units = grid.to_units(source)
    decoded = dequantize(grid, quantize(units, None), None, seen.dtype).astype(np.float64)
    errors = np.where(np.isnan(units), 0.0, source - decoded)
    largest = float(np.abs(errors).max())
    # Squares of small errors would vanish.
    return largest * float(np.sqrt(np.mean((errors / largest) ** 2))) if largest else 0.0


def _check_cosine(config: ToleranceConfig, schema: TableSchema) -> None:
    """Raise `ConfigError` for a cosine of numbers that are no vectors."""
    default = ToleranceRule(match="*", kind=config.kind, value=config.relative)
    numbers = [name for name in schema.features if name not in schema.vectors]
    wrong = [name for name in numbers if _rule_of(config, name, default).kind == "cosine"]
    if wrong:
        raise ConfigError(
            "a cosine is promised of columns that hold no vectors",
            where="tolerance.rules",
            expected=f"one of {listing(schema.vectors) or 'none: there are no vectors'}",
            got=listing(wrong),
            remedy="give these columns a rule of another kind after it, or name the vectors alone",
        )


def _matches(rule: ToleranceRule, name: str) -> bool:
    return name == rule.match or fnmatchcase(name, rule.match)
