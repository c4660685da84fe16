"""What a night of compression did."""

from __future__ import annotations

from dataclasses import dataclass

from ae_pipeline.results.backfill import BackfillPlan
from ae_pipeline.results.dataset import DatasetReport, FragmentFailure
from ae_pipeline.results.drift import DriftReport


@dataclass(frozen=True)
class CompressReport:
    """An archive brought up to date with its source.

    Args:
        plan: what was found and selected.
        drift: how far the new data is from what the codec was fitted to; None at first.
        encoded: of the fragments that were written; None if none was.
        verified: of the fragments that were read back and compared; None if none was.
        retired: source fragments that were deleted afterwards.
        retired_bytes: of them.
        failures: fragments that could not be encoded, or not verified; the sources of these stay.
        seconds: wall time.
    """

    plan: BackfillPlan
    drift: DriftReport | None
    encoded: DatasetReport | None
    verified: DatasetReport | None
    retired: tuple[str, ...]
    retired_bytes: int
    failures: tuple[FragmentFailure, ...]
    seconds: float
