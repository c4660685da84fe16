"""Merge the statistics of runs, in their order, into those of the source."""

from __future__ import annotations

from ae_pipeline.columns import ColumnStatistics
from ae_pipeline.errors import CorruptFragmentError, SourceError, SourceNotFoundError
from ae_pipeline.fitting.measuring.runs import MeasuredRun, Run
from ae_pipeline.inputs import ColumnCounts
from ae_pipeline.results.dataset import FragmentFailure


class Merging:
    """Statistics of whole fragments; one that cannot be read to its end counts for nothing.

    Args:
        n_lanes: of the feature columns.
        n_counted: columns whose values are counted.
    """

    def __init__(self, n_lanes: int, n_counted: int = 0) -> None:
        self.statistics = ColumnStatistics.empty(n_lanes)
        self.counts = ColumnCounts.empty(n_counted)
        self._before = self.statistics, self.counts
        self.damaged: dict[str, SourceError] = {}
        self._fragment = ""

    def take(self, run: Run, made: MeasuredRun | FragmentFailure) -> None:
        """Add the next run; raise an error that means neither damage nor a missing file."""
        fragment = run.fragment.relative
        if fragment != self._fragment:
            self._fragment, self._before = fragment, (self.statistics, self.counts)
        if isinstance(made, FragmentFailure):  # it killed its workers
            self._leave_out(CorruptFragmentError(made.message, where=fragment))
        elif isinstance(made.error, (CorruptFragmentError, SourceNotFoundError)):
            self._leave_out(made.error)
        elif made.error is not None:
            raise made.error
        elif made.statistics is not None and fragment not in self.damaged:
            self.statistics = self.statistics.merge(made.statistics)
            self.counts = self.counts if made.counts is None else self.counts.merge(made.counts)

    def _leave_out(self, complaint: SourceError) -> None:
        self.damaged.setdefault(self._fragment, complaint)
        self.statistics, self.counts = self._before
