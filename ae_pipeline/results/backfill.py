"""The plan of a backfill, which gives every fragment a state and a reason, and its outcome."""

from __future__ import annotations

from dataclasses import dataclass

from ae_pipeline.config.backfill import FragmentState
from ae_pipeline.results.dataset import DatasetReport
from ae_pipeline.results.result import Result


@dataclass(frozen=True, slots=True)
class PlannedFragment:
    """One fragment of the source or of the destination.

    Args:
        relative: path below the dataset's root.
        partition: path of its folder below the root.
        state: state of the fragment when the plan was made.
        reason: why it is in this state, a few words.
        source_bytes: size of the source file, or of the destination's file if the source is gone.
        has_source: the source has the fragment.
        is_selected: the backfill will encode or remove it.
        is_replaceable: an orphan, removed once the new files of its partition are verified.
    """

    relative: str
    partition: str
    state: FragmentState
    reason: str
    source_bytes: int
    has_source: bool = True
    is_selected: bool = False
    is_replaceable: bool = False


@dataclass(frozen=True, repr=False)
class BackfillPlan(Result):
    """The state of every fragment that the selection covers.

    Args:
        source: path of the dataset that is read.
        destination: path of the dataset that is written.
        kind: kind of the destination.
        codec_id: codec for new fragments; None if one is to be fitted.
        fragments: in the order in which they would be processed.
        seconds: wall time of planning.
        is_dry_run: the plan is not carried out.
        warnings: one sentence each.
    """

    source: str
    destination: str
    kind: str
    codec_id: str | None
    fragments: tuple[PlannedFragment, ...]
    seconds: float
    is_dry_run: bool = False
    warnings: tuple[str, ...] = ()

    @property
    def selected(self) -> tuple[PlannedFragment, ...]:
        """Fragments to encode."""
        return tuple(one for one in self.fragments if one.is_selected and one.state != "orphaned")

    @property
    def pruned(self) -> tuple[PlannedFragment, ...]:
        """Fragments to remove."""
        return tuple(one for one in self.fragments if one.is_selected and one.state == "orphaned")

    @property
    def replaceable(self) -> tuple[PlannedFragment, ...]:
        """Fragments to remove once the new files of their partitions are verified."""
        return tuple(one for one in self.fragments if one.is_replaceable)


@dataclass(frozen=True, repr=False)
class BackfillReport(Result):
    """Outcome of a backfill.

    Args:
        plan: states found and fragments selected.
        report: outcome of the selected fragments; None if there were none, or in a dry run.
        seconds: wall time, planning included.
        replaced: files removed because verified files of their partition replace them.
    """

    plan: BackfillPlan
    report: DatasetReport | None
    seconds: float
    replaced: tuple[str, ...] = ()
