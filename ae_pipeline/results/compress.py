"""What a night of compression did."""

from __future__ import annotations

from dataclasses import dataclass

from ae_pipeline.results.backfill import BackfillPlan
from ae_pipeline.results.dataset import DatasetReport, FragmentFailure, FragmentResult
from ae_pipeline.results.drift import DriftReport


@dataclass(frozen=True)
class Intention:
    """What a night would do to which fragments.

    Args:
        encoded: that would be written.
        checked: that would be read back and compared, those included.
        retired: whose sources would be deleted if they are right.
        retired_bytes: of these sources.
    """

    encoded: tuple[str, ...]
    checked: tuple[str, ...]
    retired: tuple[str, ...]
    retired_bytes: int


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
        intended: what would be done; None unless nothing was to be.
        replaced: archive files that were removed, since verified ones took their place.
    """

    plan: BackfillPlan
    drift: DriftReport | None
    encoded: DatasetReport | None
    verified: DatasetReport | None
    retired: tuple[str, ...]
    retired_bytes: int
    failures: tuple[FragmentFailure, ...]
    seconds: float
    intended: Intention | None = None
    replaced: tuple[str, ...] = ()

    @property
    def done(self) -> tuple[FragmentResult, ...]:
        """One result of each fragment that was written or read back, and did not fail."""
        reports = [report for report in (self.encoded, self.verified) if report is not None]
        results = {one.relative: one for report in reports for one in report.fragments}
        failed = {failure.relative for failure in self.failures}
        return tuple(one for one in results.values() if one.relative not in failed)
