"""Measure the errors of a reconstruction per column, as sums that merge.

MSE, RMSE, MAE and maximum error in source units, and the same divided by the column's scale at
fit time, so that columns of different units can be averaged. R2, the share of variance that is
kept, over all values and over those of the bulk: one outlier can make up nearly all of a variance.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
from jaxtyping import Bool, Float64, Int64

from ae_pipeline.coding import Promise
from ae_pipeline.columns.classes import ClassCounts
from ae_pipeline.columns.fidelity import worst_view

_SUMS = ("count", "n_mismatched", "squared", "absolute", "maximum", "to_tolerance")
#: Values of a block that decide which of it are the bulk.
_TOLD_BY = 1 << 11


@dataclass(frozen=True)
class VarianceSums:
    """The sums that R2 needs, per column: squared distances to the mean, and squared errors.

    `deviation` is the sum of squared distances from `mean`.
    """

    count: Int64[np.ndarray, "features"]
    mean: Float64[np.ndarray, "features"]
    deviation: Float64[np.ndarray, "features"]
    squared: Float64[np.ndarray, "features"]

    @classmethod
    def empty(cls, n_features: int) -> VarianceSums:
        """Return the sums over no values."""
        zeros = np.zeros(n_features)
        return cls(np.zeros(n_features, np.int64), zeros, zeros, zeros)

    def merge(self, other: VarianceSums) -> VarianceSums:
        """Return the sums over the values of both (Chan, Golub and LeVeque 1979)."""
        count = self.count + other.count
        share = other.count / np.maximum(count, 1)
        with np.errstate(over="ignore", invalid="ignore"):
            delta = other.mean - self.mean
            return VarianceSums(
                count=count,
                mean=self.mean + delta * share,
                deviation=self.deviation + other.deviation + delta * (self.count * share) * delta,
                squared=self.squared + other.squared,
            )

    def kept(self, index: int) -> float | None:
        """Return R2 of one column; None if its values do not vary."""
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            share = 1.0 - self.squared[index] / self.deviation[index]
        return float(share) if np.isfinite(share) else None


@dataclass(frozen=True)
class ErrorSums:
    """Sums of errors over the rows where source and reconstruction are both finite.

    `n_mismatched` counts rows where one is finite and the other is not, or where they are missing
    in different ways; a correct reconstruction has none. `to_tolerance` is the largest error over
    the promised one: at most 1 where the promise holds, 0 in a column that came back exactly, NaN
    where nothing was promised. `variance` covers all values, `bulk` the values that are neither
    frequent nor outliers, as decided block by block. `classes` has the counts of a column of
    categories, whose other sums are 0, and None of a column of numbers.
    """

    count: Int64[np.ndarray, "features"]
    n_mismatched: Int64[np.ndarray, "features"]
    squared: Float64[np.ndarray, "features"]
    absolute: Float64[np.ndarray, "features"]
    maximum: Float64[np.ndarray, "features"]
    to_tolerance: Float64[np.ndarray, "features"]
    variance: VarianceSums | None = None
    bulk: VarianceSums | None = None
    classes: tuple[ClassCounts | None, ...] = ()

    @classmethod
    def empty(cls, n_features: int) -> ErrorSums:
        """Return the sums over no rows."""
        zeros = np.zeros(n_features)
        counts = np.zeros(n_features, np.int64)
        return cls(counts, counts, zeros, zeros, zeros, np.full(n_features, np.nan))

    @classmethod
    def side_by_side(cls, parts: Sequence[ErrorSums]) -> ErrorSums:
        """Return the sums of the columns of all parts."""
        own = {name: np.concatenate([getattr(part, name) for part in parts]) for name in _SUMS}
        variance, bulk = (_beside(parts, name) for name in ("variance", "bulk"))
        classes = tuple(one for part in parts for one in part.classes_by_column)
        return cls(**own, variance=variance, bulk=bulk, classes=classes)

    @classmethod
    def of_classes(cls, counts: ClassCounts, n_mismatched: int) -> ErrorSums:
        """Return the sums of one column of categories."""
        return replace(
            cls.empty(1), n_mismatched=np.array([n_mismatched], np.int64), classes=(counts,)
        )

    @property
    def classes_by_column(self) -> tuple[ClassCounts | None, ...]:
        """The counts of each column, None of one of numbers."""
        return self.classes or (None,) * len(self.count)

    def merge(self, other: ErrorSums) -> ErrorSums:
        """Return the sums over the rows of both."""
        with np.errstate(over="ignore"):
            return ErrorSums(
                count=self.count + other.count,
                n_mismatched=self.n_mismatched + other.n_mismatched,
                squared=self.squared + other.squared,
                absolute=self.absolute + other.absolute,
                maximum=np.maximum(self.maximum, other.maximum),
                to_tolerance=np.fmax(self.to_tolerance, other.to_tolerance),
                variance=_merged(self.variance, other.variance),
                bulk=_merged(self.bulk, other.bulk),
                classes=_merged_classes(self, other),
            )


def _beside(parts: Sequence[ErrorSums], name: str) -> VarianceSums:
    """Return one of the variances of all parts, column by column."""
    own = [getattr(part, name) or VarianceSums.empty(len(part.count)) for part in parts]
    names = [field.name for field in fields(VarianceSums)]
    return VarianceSums(*(np.concatenate([getattr(one, key) for one in own]) for key in names))


def _merged_classes(one: ErrorSums, other: ErrorSums) -> tuple[ClassCounts | None, ...]:
    """Merge counts column by column; nothing where neither has any."""
    if not (one.classes or other.classes):
        return ()
    pairs = zip(one.classes_by_column, other.classes_by_column, strict=True)
    return tuple(left.merge(right) if left and right else left or right for left, right in pairs)


def _merged(one: VarianceSums | None, other: VarianceSums | None) -> VarianceSums | None:
    """Merge sums, of which None holds nothing."""
    if one is None or other is None:
        return one or other
    return one.merge(other)


@dataclass(frozen=True)
class ErrorMetrics:
    """Errors of one column, or of all columns together when standardised.

    `max_error_to_tolerance` is `to_tolerance` of `ErrorSums`, None where nothing was promised. `r2`
    is the share of the column's variance that is kept, `r2_bulk` the share of its bulk's; None
    where nothing varies, and for all columns together. `accuracy` is the share of the rows in
    which a category came back, `macro_f1` the mean of F1 over its values; None of numbers.
    """

    count: int
    n_mismatched: int
    mse: float
    rmse: float
    mae: float
    max_error: float
    max_error_to_tolerance: float | None = None
    r2: float | None = None
    r2_bulk: float | None = None
    accuracy: float | None = None
    macro_f1: float | None = None


def measure_errors(
    source: Float64[np.ndarray, "features rows"],
    reconstruction: Float64[np.ndarray, "features rows"],
    n_mismatched: Int64[np.ndarray, "features"],
    promises: Sequence[Promise] | None = None,
) -> ErrorSums:
    """Measure the errors of one block; rows where either side is NaN are left out.

    Args:
        source: values before encoding.
        reconstruction: values after decoding.
        n_mismatched: rows of each column that are missing on one side only.
        promises: one per column, or None if nothing was promised.
    """
    with np.errstate(over="ignore"):
        errors = np.abs(source - reconstruction)
        is_compared = ~np.isnan(errors)
        errors[~is_compared] = 0.0
        maximum = errors.max(axis=1, initial=0.0)
        is_bulk = _bulk(source, reconstruction, is_compared, maximum)
        return ErrorSums(
            count=is_compared.sum(axis=1),
            n_mismatched=n_mismatched,
            squared=(errors * errors).sum(axis=1),
            absolute=errors.sum(axis=1),
            maximum=maximum,
            to_tolerance=_over_tolerance(errors, source, promises),
            variance=_variance(source, errors, is_compared),
            bulk=_variance(source, errors, is_bulk),
        )


def _variance(
    source: Float64[np.ndarray, "features rows"],
    errors: Float64[np.ndarray, "features rows"],
    is_counted: Bool[np.ndarray, "features rows"],
) -> VarianceSums:
    """Sum over the values that count. Values that do not vary are their mean, without rounding."""
    sums = np.zeros((3, len(source)))
    for index, is_own in enumerate(is_counted):
        values, lost = source[index], errors[index]
        if not is_own.all():
            values, lost = values[is_own], lost[is_own]
        if len(values):
            sums[:, index] = _column_variance(values, lost)
    return VarianceSums(is_counted.sum(axis=1), *sums)


def _column_variance(
    values: Float64[np.ndarray, "values"], errors: Float64[np.ndarray, "values"]
) -> tuple[float, float, float]:
    """Return the mean, and the sums of squared deviations and errors."""
    with np.errstate(over="ignore", invalid="ignore"):
        mean = values[0] if values.min() == values.max() else values.mean()
        deviations = values - mean
        return float(mean), float((deviations**2).sum()), float((errors**2).sum())


def _bulk(
    source: Float64[np.ndarray, "features rows"],
    reconstruction: Float64[np.ndarray, "features rows"],
    is_compared: Bool[np.ndarray, "features rows"],
    maximum: Float64[np.ndarray, "features"],
) -> Bool[np.ndarray, "features rows"]:
    """Return the bulk of each column: its worst view; nothing of columns that came back exactly.

    Evenly spread values decide which view that is, as they do when a codec is judged.
    """
    is_bulk = np.zeros(source.shape, bool)
    for index in np.flatnonzero(maximum):
        step = max(1, source.shape[1] // _TOLD_BY)
        told = is_compared[index, ::step]
        view = worst_view(source[index, ::step][told], reconstruction[index, ::step][told])
        if view is not None:
            is_bulk[index] = is_compared[index] & view.mask(source[index])
    return is_bulk


def column_metrics(
    sums: ErrorSums, scale: Float64[np.ndarray, "features"] | None = None
) -> list[ErrorMetrics]:
    """Return metrics of each column, in source units or those of `scale` (0 and inf count as 1)."""
    unit = np.ones(len(sums.count))
    if scale is not None:
        unit = np.where((scale > 0) & np.isfinite(scale), scale, unit)
    safe = np.maximum(sums.count, 1)
    with np.errstate(over="ignore"):
        mse = sums.squared / safe / unit / unit
        mae = sums.absolute / safe / unit
        maximum = sums.maximum / unit
    return [
        ErrorMetrics(
            count=int(sums.count[index]),
            n_mismatched=int(sums.n_mismatched[index]),
            mse=float(mse[index]),
            rmse=float(np.sqrt(mse[index])),
            mae=float(mae[index]),
            max_error=float(maximum[index]),
            max_error_to_tolerance=_or_none(sums.to_tolerance[index]),
            r2=None if sums.variance is None else sums.variance.kept(index),
            r2_bulk=None if sums.bulk is None else sums.bulk.kept(index),
            accuracy=None if classes is None else classes.accuracy,
            macro_f1=None if classes is None else classes.macro_f1,
        )
        for index, classes in enumerate(sums.classes_by_column)
    ]


def mean_metrics(sums: ErrorSums, scale: Float64[np.ndarray, "features"]) -> ErrorMetrics:
    """Return standardised metrics of all columns: means over columns with values to compare.

    The mean of per-column MSE is what training minimises; RMSE is its square root.
    """
    columns = [column for column in column_metrics(sums, scale) if column.count]
    mse = _mean([column.mse for column in columns])
    return ErrorMetrics(
        count=sum(column.count for column in columns),
        n_mismatched=int(sums.n_mismatched.sum()),
        mse=mse,
        rmse=float(np.sqrt(mse)),
        mae=_mean([column.mae for column in columns]),
        max_error=max((column.max_error for column in columns), default=0.0),
        max_error_to_tolerance=_or_none(np.fmax.reduce(sums.to_tolerance, initial=np.nan)),
        accuracy=_mean_or_none([one.accuracy for one in sums.classes if one]),
        macro_f1=_mean_or_none([one.macro_f1 for one in sums.classes if one]),
    )


def _over_tolerance(
    errors: Float64[np.ndarray, "features rows"],
    source: Float64[np.ndarray, "features rows"],
    promises: Sequence[Promise] | None,
) -> Float64[np.ndarray, "features"]:
    """Return the largest error of each column as a share of the promised one.

    Without an error it is 0; with one where none is allowed it is infinite.
    """
    if promises is None:
        return np.full(len(errors), np.nan)
    worst = map(_worst, errors, source, promises)
    return np.fromiter(worst, np.float64, len(errors))


def _worst(
    errors: Float64[np.ndarray, "rows"], source: Float64[np.ndarray, "rows"], promise: Promise
) -> float:
    is_off = errors > 0
    if not is_off.any():
        return 0.0
    with np.errstate(divide="ignore", over="ignore"):
        return float((errors[is_off] / promise.allowed(source[is_off])).max())


def _or_none(number: float) -> float | None:
    return None if np.isnan(number) else float(number)


def _mean_or_none(values: list[float | None]) -> float | None:
    """Return the mean of those that are known; None if none is."""
    known = [value for value in values if value is not None]
    return _mean(known) if known else None


def _mean(values: list[float]) -> float:
    with np.errstate(over="ignore"):
        return float(np.mean(values)) if values else 0.0
