"""What is there, what is to be done, and why: the plan of a backfill."""

from __future__ import annotations

from dataclasses import dataclass

from ae_pipeline.config.backfill import FragmentState
from ae_pipeline.results.dataset import DatasetReport


@dataclass(frozen=True)
class PlannedFragment:
    """One fragment of the source or of the destination.

    Args:
        relative: path below the dataset's root.
        partition: its folders.
        state: what was found.
        reason: why it is in this state, a few words.
        source_bytes: of the source's file; of the destination's where that is gone.
        has_source: there is something to encode.
        is_selected: something will be done about it.
        is_replaceable: an orphan that goes once the new files of its partition are verified.
    """

    relative: str
    partition: str
    state: FragmentState
    reason: str
    source_bytes: int
    has_source: bool = True
    is_selected: bool = False
    is_replaceable: bool = False


@dataclass(frozen=True)
class BackfillPlan:
    """Status of every fragment that the selection looks at.

    Args:
        source: dataset that is read.
        destination: dataset that is written.
        kind: of the destination.
        codec_id: codec that fragments get; None if one is to be fitted.
        fragments: in the order in which they would be done.
        seconds: wall time of planning.
        is_dry_run: nothing is done about it.
        warnings: what the reader should know.
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
        """What will be written."""
        return tuple(one for one in self.fragments if one.is_selected and one.state != "orphaned")

    @property
    def pruned(self) -> tuple[PlannedFragment, ...]:
        """What will be removed."""
        return tuple(one for one in self.fragments if one.is_selected and one.state == "orphaned")

    @property
    def replaceable(self) -> tuple[PlannedFragment, ...]:
        """What will be removed once the new files of its partition are written and verified."""
        return tuple(one for one in self.fragments if one.is_replaceable)


@dataclass(frozen=True)
class BackfillReport:
    """What a backfill did.

    Args:
        plan: what it found and selected.
        report: of the fragments that were selected; None if none was, or in a dry run.
        seconds: wall time, planning included.
        replaced: files that were removed, since verified ones of their partition took their place.
    """

    plan: BackfillPlan
    report: DatasetReport | None
    seconds: float
    replaced: tuple[str, ...] = ()
