"""The table of a run: each partition with its state, its errors and its ratio.

The terminal has no room for all of it; Prefect's UI has.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from ae_pipeline.report.table import Table
from ae_pipeline.results.compress import CompressReport
from ae_pipeline.results.dataset import DatasetReport, PartitionReport

_FAILED = "failed"
_RATIO = "ratio: source over ours, model not counted."
_UNMEASURED = "Errors are measured by compress, by verify, and by decode with a source."
_MSE = "MSE: in units of each column's variance, mean over columns."
_WORST = {
    "max/tol": "max/tol: the largest error over the promised one; at most 1, and 0 is exact.",
    "max": "max: the largest error, in standard deviations.",
}

Cell = str | int | float | None


def run_table(report: DatasetReport) -> Table:
    """One line per partition of what a verb did, and of what failed in it."""
    word = "verified" if report.verb == "verify" else ""
    states: dict[str, str] = {one.relative: word or one.state for one in report.fragments}
    states |= {one.relative: _FAILED for one in report.failures}
    return _table(report, report.partitions, states)


def compress_table(report: CompressReport) -> Table | None:
    """One line per partition that was written, read back or failed; None if none was."""
    reports = [one for one in (report.encoded, report.verified) if one is not None]
    if not reports:
        return None
    states: dict[str, str] = {one.relative: one.state for one in reports[0].fragments}
    if report.verified is not None:
        states |= {one.relative: "verified" for one in report.verified.fragments}
    states |= dict.fromkeys(report.retired, "retired")
    states |= {one.relative: _FAILED for one in report.failures}
    # What was read back has the errors; what was written alone lacks them.
    partitions = {one.partition: one for each in reports for one in each.partitions}
    return _table(reports[-1], partitions.values(), states)


def _table(
    report: DatasetReport, partitions: Iterable[PartitionReport], states: dict[str, str]
) -> Table:
    """What failed comes first; of a partition where nothing else was done, its state is all."""
    done = {one.partition: one for one in partitions}
    found: dict[str, list[str]] = defaultdict(list)
    for relative, state in states.items():
        found[relative.rpartition("/")[0] or "."].append(state)
    names = sorted({**done, **found}, key=lambda name: _FAILED not in found[name])
    worst = _worst(report)
    return Table(
        title=f"Partitions of {report.source}",
        headings=("partition", "state", "fragments", "rows", *_headings(worst), "ratio"),
        rows=tuple(_row(name, found[name], done.get(name), worst) for name in names),
        footer=_row("total", list(states.values()), report.total, worst),
        note=f"{f'{_MSE} {_WORST[worst]}' if worst else _UNMEASURED} {_RATIO}",
    )


def _row(
    name: str, states: Sequence[str], partition: PartitionReport | None, worst: str
) -> tuple[Cell, ...]:
    cells: tuple[Cell, ...] = (name, _counted(states), len(states))
    if partition is None:
        return (*cells, *[None] * (len(_headings(worst)) + 2))
    ratio = partition.source_bytes / max(partition.encoded_bytes, 1)
    return (*cells, partition.n_rows, *_errors(partition, worst), ratio)


def _counted(states: Sequence[str]) -> str:
    """One word where all are alike: `written`; else `1 failed, 2 written`."""
    counts = sorted(Counter(states).items())
    return counts[0][0] if len(counts) == 1 else ", ".join(f"{n} {word}" for word, n in counts)


def _headings(worst: str) -> tuple[str, ...]:
    return ("MSE", worst) if worst else ()


def _errors(partition: PartitionReport, worst: str) -> tuple[Cell, ...]:
    metrics = partition.metrics
    if not worst or metrics is None:
        return tuple(None for _ in _headings(worst))
    largest = metrics.max_error_to_tolerance if worst == "max/tol" else metrics.max_error
    return (metrics.mse, largest)


def _worst(report: DatasetReport) -> str:
    """What the largest errors are called; empty if none were measured."""
    metrics = report.total.metrics
    if metrics is None:
        return ""
    return "max" if metrics.max_error_to_tolerance is None else "max/tol"
