"""A garbage collection as people read it."""

from __future__ import annotations

from collections.abc import Sequence

from ae_pipeline.report.table import Table
from ae_pipeline.results.gc import Collected, Garbage


def collected_table(collected: Collected) -> Table:
    """What was removed or would be, one row each."""
    return Table(
        title=collected.dataset,
        headings=("would be removed" if collected.is_dry_run else "removed", "bytes", "why"),
        rows=tuple((one.relative, one.size_bytes, one.reason) for one in collected.garbage),
        footer=("total", collected.size_bytes, ""),
    )


def collected_line(collected: Collected) -> str:
    """All of it in one line."""
    if not collected.garbage:
        return f"Nothing to collect in {collected.dataset}{_young(collected)}"
    verb = "would free" if collected.is_dry_run else "freed"
    what = _count(collected.garbage)
    n_bytes = collected.size_bytes
    return f"{what} {verb} {n_bytes:,} bytes of {collected.dataset}{_young(collected)}"


def _young(collected: Collected) -> str:
    """What waits, so that nobody takes it for needed."""
    if not collected.young:
        return ""
    n_bytes = sum(one.size_bytes for one in collected.young)
    return f"; {_count(collected.young)} of {n_bytes:,} bytes younger than the grace period"


def _count(found: Sequence[Garbage]) -> str:
    return "1 file or folder" if len(found) == 1 else f"{len(found):,} files and folders"
