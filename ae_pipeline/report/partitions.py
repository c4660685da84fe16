"""Each partition of a run with its state, its errors and its ratio.

The terminal has no room for so wide a table; a web page has.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from ae_pipeline.report.tables.table import Cell, Table
from ae_pipeline.results.compress import CompressReport
from ae_pipeline.results.dataset import DatasetReport, PartitionReport

_FAILED = "failed"
_RATIO = "ratio: source over encoded, model not counted."
_UNMEASURED = "Errors are measured by compress, by verify, and by decode with a source."
_MSE = "MSE: in units of each column's variance, mean over columns."
_WORST = {
    "max/tol": "max/tol: the largest error over the promised one; at most 1, and 0 is exact.",
    "max": "max: the largest error, in standard deviations.",
}


def state_table(report: DatasetReport) -> Table:
    """One row per partition that was processed or has a fragment that failed."""
    word = "verified" if report.verb == "verify" else ""
    states: dict[str, str] = {one.relative: word or one.state for one in report.fragments}
    states |= {one.relative: _FAILED for one in report.failures}
    return _table(report, report.partitions, states)


def compress_table(report: CompressReport) -> Table | None:
    """One row per partition that was written, read back or failed; None if there is none."""
    reports = [one for one in (report.encoded, report.verified) if one is not None]
    if not reports:
        return None
    # Verification has the errors; a partition that was only written lacks them.
    partitions = {one.partition: one for each in reports for one in each.partitions}
    return _table(reports[-1], partitions.values(), _compress_states(report, reports[0]))


def _compress_states(report: CompressReport, first: DatasetReport) -> dict[str, str]:
    """The last state that each fragment reached."""
    states: dict[str, str] = {one.relative: one.state for one in first.fragments}
    if report.verified is not None:
        states |= {one.relative: "verified" for one in report.verified.fragments}
    states |= dict.fromkeys(report.retired, "retired")
    return states | {one.relative: _FAILED for one in report.failures}


def _table(
    report: DatasetReport, partitions: Iterable[PartitionReport], states: dict[str, str]
) -> Table:
    """Failures first; a partition in which every fragment failed has a state and no numbers."""
    done = {one.partition: one for one in partitions}
    found: dict[str, list[str]] = defaultdict(list)
    for relative, state in states.items():
        found[relative.rpartition("/")[0] or "."].append(state)
    names = sorted({**done, **found}, key=lambda name: _FAILED not in found[name])
    largest = _largest(report)
    return Table(
        title=f"Partitions of {report.source}",
        headings=("partition", "state", "fragments", "rows", *_headings(largest), "ratio"),
        rows=tuple(_row(name, found[name], done.get(name), largest) for name in names),
        footer=_row("total", list(states.values()), report.total, largest),
        note=f"{f'{_MSE} {_WORST[largest]}' if largest else _UNMEASURED} {_RATIO}",
        worst="MSE",
    )


def _row(
    name: str, states: Sequence[str], partition: PartitionReport | None, largest: str
) -> tuple[Cell, ...]:
    cells: tuple[Cell, ...] = (name, _counted(states), len(states))
    if partition is None:
        return (*cells, *[None] * (len(_headings(largest)) + 2))
    ratio = partition.source_bytes / max(partition.encoded_bytes, 1)
    return (*cells, partition.n_rows, *_errors(partition, largest), ratio)


def _counted(states: Sequence[str]) -> str:
    """One word if all states are equal: `written`; else `1 failed, 2 written`."""
    counts = sorted(Counter(states).items())
    return counts[0][0] if len(counts) == 1 else ", ".join(f"{n} {word}" for word, n in counts)


def _headings(largest: str) -> tuple[str, ...]:
    return ("MSE", largest) if largest else ()


def _errors(partition: PartitionReport, largest: str) -> tuple[Cell, ...]:
    metrics = partition.metrics
    if not largest or metrics is None:
        return tuple(None for _ in _headings(largest))
    error = metrics.max_error_to_tolerance if largest == "max/tol" else metrics.max_error
    return (metrics.mse, error)


def _largest(report: DatasetReport) -> str:
    """Heading of the largest errors; empty if none were measured."""
    metrics = report.total.metrics
    if metrics is None:
        return ""
    return "max" if metrics.max_error_to_tolerance is None else "max/tol"
