"""The plan of a backfill, fragments by state and what is to be done, and its outcome."""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args

from ae_pipeline.config.backfill import FragmentState
from ae_pipeline.errors import listing
from ae_pipeline.report.dataset import dataset_headline
from ae_pipeline.report.presenter import Presenter, present, presents
from ae_pipeline.report.tables.table import Cell, Table
from ae_pipeline.results.backfill import BackfillPlan, BackfillReport, PlannedFragment
from ae_pipeline.results.dataset import FragmentFailure

#: Fragments listed in a table of their own.
_MOST_DETAILS = 500
_NOTES: dict[FragmentState, str] = {
    "missing": "never encoded",
    "stale": "the source or the settings changed",
    "outdated": "encoded with a former codec",
    "failed": "encoding failed, or the file is damaged",
    "current": "nothing to do",
    "retired": "source deleted after verification",
    "orphaned": "source gone; --prune removes",
}


@presents(BackfillPlan)
class PlanPresenter(Presenter[BackfillPlan]):
    """Fragments by state, and in a dry run each fragment to be processed."""

    def tables(self) -> list[Table]:
        """States; in a dry run what is to be done, after a run what was removed."""
        plan = self.result
        if not plan.is_dry_run:
            removed = [removed_table(plan, len(plan.pruned))] if plan.pruned else []
            return [plan_table(plan, is_done=True), *removed]
        to_do = fragment_table(plan, len(plan.fragments))
        return [plan_table(plan), *([to_do] if to_do.rows else [])]

    def lines(self) -> list[str]:
        """Counts in one line."""
        return [plan_line(self.result) if self.result.is_dry_run else done_line(self.result)]

    def warnings(self) -> list[str]:
        """Warnings of planning."""
        return list(self.result.warnings)

    def details(self) -> dict[str, Table]:
        """States, and each fragment to be processed with its reason."""
        fragments = fragment_table(self.result, _MOST_DETAILS)
        listed = {"fragments": fragments} if fragments.rows else {}
        return {"plan": plan_table(self.result), **listed}


@presents(BackfillReport)
class BackfillPresenter(Presenter[BackfillReport]):
    """The plan, followed by the outcome of the fragments that were selected."""

    def __init__(self, result: BackfillReport) -> None:
        super().__init__(result)
        self._plan = present(result.plan)
        self._done = None if result.report is None else present(result.report)

    def headline(self) -> str:
        """Bytes of the dataset as a whole, or of the files that were selected."""
        report = self.result.report
        if report is None:
            return ""
        n_all = len(self.result.plan.fragments)
        return dataset_headline(report, is_whole=report.total.n_fragments == n_all)

    def tables(self) -> list[Table]:
        """Tables of the plan, then of the outcome."""
        return [*self._plan.tables(), *(self._done.tables() if self._done else [])]

    def lines(self) -> list[str]:
        """Counts, replaced files, and the verdict."""
        done = self._done.lines() if self._done else []
        return [*self._plan.lines(), *replaced_lines(self.result.replaced), *done]

    def warnings(self) -> list[str]:
        """Warnings of planning and of encoding."""
        return [*self._plan.warnings(), *(self._done.warnings() if self._done else [])]

    def failures(self) -> Sequence[FragmentFailure]:
        """Fragments that failed."""
        return self._done.failures() if self._done else ()

    def n_fragments(self) -> int:
        """Fragments attempted."""
        return self._done.n_fragments() if self._done else 0

    def dataset(self) -> str:
        """The source."""
        return self.result.plan.source

    def numbers(self) -> dict[str, Cell]:
        """Counts of the plan, then the numbers of the outcome."""
        plan = self.result.plan
        done = self._done.numbers() if self._done else {}
        planned = {"planned": len(plan.fragments), "pruned": len(plan.pruned)}
        return {**planned, **done, "seconds": self.result.seconds}


def plan_table(plan: BackfillPlan, is_done: bool = False) -> Table:
    """Fragments and bytes by state, and how many of them are to be processed or were selected."""
    states: tuple[FragmentState, ...] = get_args(FragmentState)
    groups = {state: [one for one in plan.fragments if one.state == state] for state in states}
    return Table(
        title=f"{plan.source} -> {plan.destination}",
        headings=(
            "state before" if is_done else "state",
            *("fragments", "source bytes", "selected" if is_done else "to do", "meaning"),
        ),
        rows=tuple(
            (state, *_counts(group), _NOTES[state]) for state, group in groups.items() if group
        ),
        footer=("total", *_counts(plan.fragments), ""),
    )


def fragment_table(plan: BackfillPlan, most_rows: int) -> Table:
    """Fragments to be processed, in order, each with its reason."""
    chosen = [one for one in plan.fragments if one.is_selected or one.is_replaceable]
    return _reason_table(chosen, "To do", most_rows)


def removed_table(plan: BackfillPlan, most_rows: int) -> Table:
    """Fragments that were removed, each with its reason."""
    return _reason_table(plan.pruned, "Removed", most_rows)


def plan_line(plan: BackfillPlan) -> str:
    """The work ahead in one line."""
    pruned = f", {len(plan.pruned):,} to remove" if plan.pruned else ""
    replaced = f", {len(plan.replaceable):,} to replace" if plan.replaceable else ""
    return f"{_selected(plan, 'to do')}{pruned}{replaced}; planned in {plan.seconds:.1f} s"


def done_line(plan: BackfillPlan) -> str:
    """The work done in one line."""
    pruned = f"; {len(plan.pruned):,} removed" if plan.pruned else ""
    return f"{_selected(plan, 'were selected')}{pruned}"


def replaced_lines(replaced: Sequence[str]) -> list[str]:
    """At most one line, which names the files removed in favour of verified ones."""
    if not replaced:
        return []
    files = "1 file" if len(replaced) == 1 else f"{len(replaced):,} files"
    return [f"Replaced {files} whose source is gone: {listing(replaced)}"]


def _selected(plan: BackfillPlan, verb: str) -> str:
    counts = f"{len(plan.selected):,} of {len(plan.fragments):,} fragments"
    return f"{counts} {verb}, {_source_bytes(plan.selected) or 0:,} bytes of source"


def _reason_table(fragments: Sequence[PlannedFragment], title: str, most_rows: int) -> Table:
    n_all = len(fragments)
    more = f" (the first {most_rows} of {n_all:,})" if n_all > most_rows else ""
    return Table(
        title=f"{title}{more}",
        headings=("fragment", "state", "source bytes", "reason"),
        rows=tuple(
            (one.relative, one.state, _source_bytes([one]), one.reason)
            for one in fragments[:most_rows]
        ),
    )


def _counts(fragments: Sequence[PlannedFragment]) -> tuple[int, int | None, int]:
    n_selected = sum(one.is_selected for one in fragments)
    return len(fragments), _source_bytes(fragments), n_selected


def _source_bytes(fragments: Sequence[PlannedFragment]) -> int | None:
    """Total over fragments that the source has; None if it has none of them."""
    sizes = [one.source_bytes for one in fragments if one.has_source]
    return sum(sizes) if sizes else None
