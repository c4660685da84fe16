"""Outcome of one run of compress."""

from __future__ import annotations

from dataclasses import dataclass

from ae_pipeline.results.backfill import BackfillPlan
from ae_pipeline.results.dataset import DatasetReport, FragmentFailure, FragmentResult
from ae_pipeline.results.drift import DriftReport
from ae_pipeline.results.result import Result


@dataclass(frozen=True)
class Intention:
    """Work that a dry run leaves undone.

    Args:
        encoded: fragments that would be encoded.
        checked: fragments that would be read back and compared, the encoded ones included.
        retired: fragments whose sources would be deleted if they verify.
        retired_bytes: size of those sources.
    """

    encoded: tuple[str, ...]
    checked: tuple[str, ...]
    retired: tuple[str, ...]
    retired_bytes: int


@dataclass(frozen=True, repr=False)
class CompressReport(Result):
    """An archive brought up to date with its source.

    Args:
        plan: states found and fragments selected.
        drift: drift of the new data from fit time; None on the first run.
        encoded: fragments that were written; None if there were none.
        verified: fragments that were read back and compared; None if there were none.
        retired: source fragments deleted after verification.
        retired_bytes: size of the deleted sources.
        failures: fragments that could not be encoded or verified; their sources stay.
        seconds: wall time.
        intended: work of a dry run; None otherwise.
        replaced: archive files removed because verified files of their partition replace them.
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
        """One result for each fragment that was written or read back without failing."""
        reports = [report for report in (self.encoded, self.verified) if report is not None]
        results = {one.relative: one for report in reports for one in report.fragments}
        failed = {failure.relative for failure in self.failures}
        return tuple(one for one in results.values() if one.relative not in failed)
