"""A garbage collection as people read it."""

from __future__ import annotations

from ae_pipeline.report.table import Table
from ae_pipeline.results import Collected


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
        return f"Nothing to collect in {collected.dataset}"
    verb = "would free" if collected.is_dry_run else "freed"
    n_found = len(collected.garbage)
    what = "1 file or folder" if n_found == 1 else f"{n_found:,} files and folders"
    return f"{what} {verb} {collected.size_bytes:,} bytes of {collected.dataset}"
