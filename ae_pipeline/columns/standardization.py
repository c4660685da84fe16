"""Convert source units to network inputs and back: centre, scale, clip.

A column that does not vary is not an input; its one value is its centre.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64

from ae_pipeline.columns.statistics import ColumnStatistics

#: Values further than this many central ranges from the centre do not affect the scale.
_OUTLIER_RANGES = 4.0
#: A rare value this many times the usual one is an accident, not a signal.
_FAR = 1e6
#: So is a single value this many standard deviations out. Values that repeat are closer: a single
#: one lies as many standard deviations out as the square root of all rows.
_RARE, _ONCE = 100.0, 1.5
_CENTRAL = (0.005, 0.995)
_TINY = np.finfo(np.float64).tiny


@dataclass(frozen=True)
class Standardization:
    """An affine map per feature column: standardised = (value - center) / scale.

    A constant column has scale 0 and its value as centre; a column without a single finite value
    has scale 0 and centre NaN.
    """

    center: Float64[np.ndarray, "features"]
    scale: Float64[np.ndarray, "features"]
    clip_sigma: float

    @property
    def is_constant(self) -> Bool[np.ndarray, "features"]:
        """Columns that the network does not see."""
        return self.scale == 0

    @property
    def n_inputs(self) -> int:
        """Columns that the network sees."""
        return int((~self.is_constant).sum())


def fit_standardization(statistics: ColumnStatistics, clip_sigma: float) -> Standardization:
    """Fit centre and scale of every column, unmoved by a few wild values.

    Mean and standard deviation are the exact ones of all rows, unless a value lies further out
    than four times the central 99 % range: then both are taken from the row sample without such
    values. A column in which only outliers vary is constant. One that rarely leaves its usual
    value, but not too rarely, gets a scale at which its rare values are not clipped.
    """
    low, high = _central_bounds(statistics)
    with np.errstate(over="ignore", invalid="ignore"):
        is_tame = (statistics.minimum >= low) & (statistics.maximum <= high)
        is_tame |= np.isnan(low)  # so rare that the sample missed it: nothing to call wild
        # Squares of numbers near the ends of float64 are infinite or 0.
        is_tame &= np.isfinite(statistics.m2) & (statistics.m2 >= _TINY)
    robust_mean, robust_std = _moments_within(statistics.sample, low, high)
    center = np.where(is_tame, statistics.mean, robust_mean)
    scale = np.where(is_tame, statistics.std, robust_std)
    # `(maximum - minimum) == 0` is exact where a rounded m2 is not.
    is_flat = statistics.minimum == statistics.maximum
    center = np.where(is_flat, statistics.minimum, center)
    center = np.where(statistics.count == 0, np.nan, center)
    sparse_scale = np.fmax(statistics.std, _reach(statistics, center) / clip_sigma)
    scale = np.where(_is_sparse(statistics, center, scale), sparse_scale, scale)
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        is_usable = np.isfinite(1.0 / scale) & np.isfinite(scale) & ~is_flat
    return Standardization(center, np.where(is_usable, scale, 0.0), clip_sigma)


def is_rare(statistics: ColumnStatistics) -> Bool[np.ndarray, "features"]:
    """Return the columns that have one value in nearly all rows, and others in some."""
    _, std = _moments_within(statistics.sample, *_central_bounds(statistics))
    return (std == 0) & (statistics.minimum < statistics.maximum)


def _reach(
    statistics: ColumnStatistics, center: Float64[np.ndarray, "features"]
) -> Float64[np.ndarray, "features"]:
    """Return the largest distance of a value from the centre."""
    with np.errstate(over="ignore", invalid="ignore"):
        return np.fmax(statistics.maximum - center, center - statistics.minimum)


def _is_sparse(
    statistics: ColumnStatistics,
    center: Float64[np.ndarray, "features"],
    scale: Float64[np.ndarray, "features"],
) -> Bool[np.ndarray, "features"]:
    """Return the columns that rarely leave one value, and not by too far: rare values matter."""
    with np.errstate(over="ignore", invalid="ignore"):
        reach = _reach(statistics, center)
        is_near = (center == 0) | (reach <= _FAR * np.abs(center))
        is_repeated = reach <= np.sqrt(statistics.count / _ONCE) * statistics.std
        is_common = is_repeated | (reach <= _RARE * statistics.std)
        return (scale == 0) & np.isfinite(statistics.std) & is_near & is_common


def _central_bounds(
    statistics: ColumnStatistics,
) -> tuple[Float64[np.ndarray, "features"], Float64[np.ndarray, "features"]]:
    """Return the bounds of ordinary values; NaN where a column is empty."""
    with warnings.catch_warnings(), np.errstate(over="ignore", invalid="ignore"):
        warnings.simplefilter("ignore", RuntimeWarning)  # all-NaN columns
        if not statistics.sample.size:
            nothing = np.full(len(statistics.count), np.nan)
            return nothing, nothing
        # Values of the sample, not midpoints, which overflow between -1e308 and 1e308.
        low, high = np.nanquantile(statistics.sample, _CENTRAL, axis=0, method="nearest")
        reach = _OUTLIER_RANGES * (high - low)
        return low - reach, high + reach


def _moments_within(
    sample: Float64[np.ndarray, "rows features"],
    low: Float64[np.ndarray, "features"],
    high: Float64[np.ndarray, "features"],
) -> tuple[Float64[np.ndarray, "features"], Float64[np.ndarray, "features"]]:
    """Return mean and standard deviation of the ordinary values, safe up to 1e308."""
    kept = np.where((sample >= low) & (sample <= high), sample, np.nan)
    largest = np.nanmax(np.abs(kept), axis=0, initial=0.0)
    unit = np.where(largest > 0, largest, 1.0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # all-NaN columns
        scaled = kept / unit
        return np.nanmean(scaled, axis=0) * unit, np.nanstd(scaled, axis=0) * unit
