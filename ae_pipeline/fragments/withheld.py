"""Sources that stay although every value kept its promise: the promise flattened a column.

The guard judges the data that a codec is fitted to. Later data may be too fine for that promise:
a mere warning while the source exists, a loss once it is gone.
"""

from __future__ import annotations

from collections.abc import Sequence

from ae_pipeline.columns import column_metrics
from ae_pipeline.config.tolerance import ToleranceConfig
from ae_pipeline.errors import FlattenedColumnError, listing
from ae_pipeline.fitting import is_named
from ae_pipeline.fragments.column_report import is_lost, share_kept
from ae_pipeline.results.dataset import FragmentResult


def check_meaning_kept(
    config: ToleranceConfig, features: Sequence[str], result: FragmentResult
) -> None:
    """Raise if a fragment has a flattened column that this run does not accept.

    Args:
        config: settings of the run that deletes; acceptance by earlier runs does not count.
        features: names of the feature columns.
        result: result of the comparison, with its errors.

    Raises:
        FlattenedColumnError: the fragment has such a column.
    """
    if config.accept_flattened or result.errors is None:
        return
    measured = zip(features, column_metrics(result.errors), strict=True)
    flattened = [
        f"{name} (R2 {share_kept(metrics):.2f})"
        for name, metrics in measured
        if is_lost(metrics) and not is_named(config, name)
    ]
    if flattened:
        raise FlattenedColumnError(
            "the tolerance of the archive flattens what this file says",
            where=result.relative,
            got=listing(flattened),
            remedy="give finer ones and another archive, or --accept-flattened if the source may "
            "go all the same",
        )
