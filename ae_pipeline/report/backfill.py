"""The plan of a backfill as people read it: counts by state, and what is to be done and why."""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args

from ae_pipeline.config.backfill import FragmentState
from ae_pipeline.errors import listing
from ae_pipeline.report.table import Table
from ae_pipeline.results.backfill import BackfillPlan, PlannedFragment

_NOTES: dict[FragmentState, str] = {
    "missing": "never encoded",
    "stale": "the source or the settings changed",
    "outdated": "encoded with a former codec",
    "failed": "encoding failed, or the file is damaged",
    "current": "nothing to do",
    "retired": "source deleted after verification",
    "orphaned": "source gone; --prune removes",
}


def state_table(plan: BackfillPlan, is_done: bool = False) -> Table:
    """Fragments and bytes by state, and how many of them will be done, or were selected."""
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


def fragment_table(plan: BackfillPlan, most_rows: int = 500) -> Table:
    """What will be done, in its order, each fragment with its reason."""
    chosen = [one for one in plan.fragments if one.is_selected or one.is_replaceable]
    return _table_of(chosen, "To do", most_rows)


def removed_table(plan: BackfillPlan, most_rows: int = 500) -> Table:
    """What was removed, each fragment with its reason."""
    return _table_of(plan.pruned, "Removed", most_rows)


def plan_line(plan: BackfillPlan) -> str:
    """What is to be done in one line."""
    pruned = f", {len(plan.pruned):,} to remove" if plan.pruned else ""
    replaced = f", {len(plan.replaceable):,} to replace" if plan.replaceable else ""
    return f"{_selected(plan, 'to do')}{pruned}{replaced}; planned in {plan.seconds:.1f} s"


def done_line(plan: BackfillPlan) -> str:
    """What was to be done in one line, once the run is over."""
    pruned = f"; {len(plan.pruned):,} removed" if plan.pruned else ""
    return f"{_selected(plan, 'were selected')}{pruned}"


def replaced_lines(replaced: Sequence[str]) -> list[str]:
    """What verified files of the same partitions took the place of; nothing of none."""
    if not replaced:
        return []
    files = "1 file" if len(replaced) == 1 else f"{len(replaced):,} files"
    return [f"Replaced {files} whose source is gone: {listing(replaced)}"]


def _selected(plan: BackfillPlan, verb: str) -> str:
    counts = f"{len(plan.selected):,} of {len(plan.fragments):,} fragments"
    return f"{counts} {verb}, {_source_bytes(plan.selected) or 0:,} bytes of source"


def _table_of(fragments: Sequence[PlannedFragment], title: str, most_rows: int) -> Table:
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
    """Of those that are in the source; None if none is."""
    sizes = [one.source_bytes for one in fragments if one.has_source]
    return sum(sizes) if sizes else None
