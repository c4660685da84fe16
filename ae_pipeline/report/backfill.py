"""The plan of a backfill as people read it: counts by state, and what is to be done and why."""

from __future__ import annotations

from typing import get_args

from ae_pipeline.config import FragmentState
from ae_pipeline.report.table import Table
from ae_pipeline.results import BackfillPlan, PlannedFragment

_NOTES: dict[FragmentState, str] = {
    "missing": "never encoded",
    "stale": "the source or the settings changed",
    "outdated": "encoded with a former codec",
    "failed": "encoding failed, or the file is damaged",
    "current": "nothing to do",
    "retired": "source deleted after verification",
    "orphaned": "source gone; --prune removes",
}


def state_table(plan: BackfillPlan) -> Table:
    """Fragments and bytes by state, and how many of them will be done."""
    states: tuple[FragmentState, ...] = get_args(FragmentState)
    groups = {state: [one for one in plan.fragments if one.state == state] for state in states}
    return Table(
        title=f"{plan.source} -> {plan.destination}",
        headings=("state", "fragments", "source bytes", "to do", "meaning"),
        rows=tuple(
            (state, *_counts(group), _NOTES[state]) for state, group in groups.items() if group
        ),
        footer=("total", *_counts(plan.fragments), ""),
    )


def fragment_table(plan: BackfillPlan, most_rows: int = 500) -> Table:
    """What will be done, in its order, each fragment with its reason."""
    chosen = [one for one in plan.fragments if one.is_selected]
    more = f" (the first {most_rows} of {len(chosen):,})" if len(chosen) > most_rows else ""
    return Table(
        title=f"To do{more}",
        headings=("fragment", "state", "source bytes", "reason"),
        rows=tuple(
            (one.relative, one.state, one.source_bytes, one.reason) for one in chosen[:most_rows]
        ),
    )


def plan_line(plan: BackfillPlan) -> str:
    """The plan in one line."""
    n_bytes = sum(one.source_bytes for one in plan.selected)
    pruned = f", {len(plan.pruned):,} to remove" if plan.pruned else ""
    return (
        f"{len(plan.selected):,} of {len(plan.fragments):,} fragments to do, {n_bytes:,} bytes of "
        f"source{pruned}; planned in {plan.seconds:.1f} s"
    )


def _counts(fragments: tuple[PlannedFragment, ...] | list[PlannedFragment]) -> tuple[int, int, int]:
    return (
        len(fragments),
        sum(one.source_bytes for one in fragments),
        sum(one.is_selected for one in fragments),
    )
