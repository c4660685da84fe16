"""The result of a garbage collection."""

from __future__ import annotations

from ae_pipeline.report.presenter import Presenter, presents
from ae_pipeline.report.tables.table import Table
from ae_pipeline.results.gc import GarbageReport


@presents(GarbageReport)
class GarbagePresenter(Presenter[GarbageReport]):
    """Garbage by file or folder, and a line of totals."""

    def tables(self) -> list[Table]:
        """One row per file or folder."""
        return [garbage_table(self.result)]

    def lines(self) -> list[str]:
        """The totals."""
        return [garbage_line(self.result)]

    def warnings(self) -> list[str]:
        """Files that could not be judged."""
        return list(self.result.warnings)


def garbage_table(report: GarbageReport) -> Table:
    """Garbage that was removed or would be, one row each."""
    return Table(
        title=report.dataset,
        headings=("would be removed" if report.is_dry_run else "removed", "bytes", "why"),
        rows=tuple((one.relative, one.size_bytes, one.reason) for one in report.garbage),
        footer=("total", report.size_bytes, ""),
    )


def garbage_line(report: GarbageReport) -> str:
    """The totals in one line."""
    if not report.garbage:
        return f"Nothing to collect in {report.dataset}{_young(report)}"
    verb = "would free" if report.is_dry_run else "freed"
    freed = f"{_collected(report)} {verb} {report.size_bytes:,} bytes"
    return f"{freed} of {report.dataset}{_young(report)}"


def _collected(report: GarbageReport) -> str:
    """Files and uploads apart: nobody can list the latter."""
    n_files = len(report.garbage) - report.n_uploads
    counts = [_count(n_files)] if n_files else []
    if report.n_uploads:
        uploads = "1 upload" if report.n_uploads == 1 else f"{report.n_uploads:,} uploads"
        counts.append(f"{uploads} that never ended ({report.upload_bytes:,} bytes)")
    return " and ".join(counts)


def _young(report: GarbageReport) -> str:
    """Garbage that stays for now, named so that nobody takes it for data in use."""
    if not report.young:
        return ""
    n_bytes = sum(one.size_bytes for one in report.young)
    return f"; {_count(len(report.young))} of {n_bytes:,} bytes younger than the grace period"


def _count(n_found: int) -> str:
    return "1 file or folder" if n_found == 1 else f"{n_found:,} files and folders"
