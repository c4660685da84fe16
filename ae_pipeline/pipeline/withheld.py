"""Sources that stay although each value kept its promise: the promise flattened a column of theirs.

The guard judges the data that a codec is fitted to. What comes on later nights may be finer than
the promise from then: that is a warning while the source is there, and a loss once it is gone.
"""

from __future__ import annotations

from collections.abc import Sequence

from ae_pipeline.config import ToleranceConfig
from ae_pipeline.errors import FlattenedColumnError, listing
from ae_pipeline.metrics import ErrorMetrics, column_metrics
from ae_pipeline.pipeline.guard import is_named
from ae_pipeline.results import FragmentResult

#: Fewer values say nothing of their column.
_LEAST_VALUES = 8
#: Next to nothing is left of a file's column where its mean would tell about as much. That is less
#: than what the guard asks of a table: a file may well vary less than the table that it is of.
_LEAST_R2 = 0.1


def check_meaning_kept(
    config: ToleranceConfig, features: Sequence[str], result: FragmentResult
) -> None:
    """Stop if a fragment has a flattened column that this run does not accept.

    Args:
        config: of the run that wants to delete: an acceptance of former nights was not for this.
        features: names of the feature columns.
        result: of the comparison, with its errors.

    Raises:
        FlattenedColumnError: there is such a column.
    """
    if config.accept_flattened or result.errors is None:
        return
    measured = zip(features, column_metrics(result.errors), strict=True)
    flattened = [
        f"{name} (R2 {_share(metrics):.2f})"
        for name, metrics in measured
        if _is_flattened(metrics) and not is_named(config, name)
    ]
    if flattened:
        raise FlattenedColumnError(
            "the tolerance of the archive flattens what this file says",
            where=result.relative,
            got=listing(flattened),
            remedy="give finer ones and another archive, or --accept-flattened if the source may "
            "go all the same",
        )


def _is_flattened(metrics: ErrorMetrics) -> bool:
    return metrics.count >= _LEAST_VALUES and _share(metrics) < _LEAST_R2


def _share(metrics: ErrorMetrics) -> float:
    """The smaller one of both shares of variance kept; 1 of what does not vary."""
    shares = [share for share in (metrics.r2, metrics.r2_bulk) if share is not None]
    return max(min(shares, default=1.0), 0.0)
