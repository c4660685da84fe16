"""The result of encode, decode or verify over a dataset."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any  # JSON trees

from ae_pipeline.report.errors import (
    category_table,
    column_table,
    dataset_kind,
    has_blocks,
    partition_table,
    verdict,
)
from ae_pipeline.report.fidelity import exact_line, fidelity_table, fidelity_tables
from ae_pipeline.report.headline import part_line, whole_line
from ae_pipeline.report.partitions import state_table
from ae_pipeline.report.presenter import Presenter, presents
from ae_pipeline.report.sizes import byte_table, byte_tables
from ae_pipeline.report.tables.table import Cell, Table
from ae_pipeline.results.dataset import DatasetReport, FragmentFailure

#: Columns that a line of numbers names.
_MOST_NAMES = 8


@presents(DatasetReport)
class DatasetPresenter(Presenter[DatasetReport]):
    """Partitions, errors of columns, sizes, and whether the promise holds."""

    def headline(self) -> str:
        """Bytes of the dataset as a whole, or of the selected part."""
        return dataset_headline(self.result, is_whole=not self.result.is_partial)

    def tables(self) -> list[Table]:
        """Partitions, then columns if compared or promised; bytes after encode."""
        report = self.result
        columns = (column_table(report), category_table(report))
        return [
            partition_table(report),
            *(table for table in columns if table.rows),
            *fidelity_tables(report.fidelity),
            *(byte_tables(report.bytes) if report.verb == "encode" else []),
        ]

    def lines(self) -> list[str]:
        """The verdict, and how many fragments were written."""
        report = self.result
        has_promises = has_blocks(report) and report.total.n_fragments
        sentence = verdict(report) or (exact_line(report.fidelity) if has_promises else "")
        n_current = report.total.n_fragments - report.n_written
        counts = f"Fragments: {report.n_written:,} written, {n_current:,} current already"
        return [line for line in (sentence, "" if report.verb == "verify" else counts) if line]

    def warnings(self) -> list[str]:
        """Warnings of the codec and of all fragments."""
        return list(self.result.warnings)

    def failures(self) -> Sequence[FragmentFailure]:
        """Fragments that failed."""
        return self.result.failures

    def n_fragments(self) -> int:
        """Fragments attempted."""
        return self.result.total.n_fragments + len(self.result.failures)

    def dataset(self) -> str:
        """The dataset that was read."""
        return self.result.source

    def details(self) -> dict[str, Table]:
        """Partitions with their states, columns, and bytes."""
        report = self.result
        columns = column_table(report)
        tables = {"partitions": state_table(report)}
        if columns.rows:
            tables["columns"] = replace(columns, worst=columns.headings[-2])
        categories = category_table(report)
        if categories.rows:
            tables["categories"] = categories
        if report.fidelity:
            tables["fidelity"] = fidelity_table(report.fidelity)
        return {**tables, "bytes": byte_table(report.bytes)}

    def numbers(self) -> dict[str, Cell]:
        """Counts, bytes and errors."""
        return {**dataset_numbers(self.result), "seconds": self.result.seconds}

    def record(self) -> dict[str, Any]:
        """As the fields are; readers of JSON find what verify compared with under `destination`."""
        tree = asdict(self.result)
        compared_with = tree.pop("compared_with")
        if self.result.verb == "verify":
            tree["destination"] = compared_with or ""
        return tree


def dataset_headline(report: DatasetReport, is_whole: bool) -> str:
    """The encoded dataset beside its source; empty without a fragment.

    Args:
        report: of a run.
        is_whole: the run has read or written every fragment of the dataset.
    """
    n_fragments = report.total.n_fragments
    if not n_fragments:
        return ""
    kind = dataset_kind(report)
    is_whole = is_whole and not report.failures
    return (
        whole_line(report.bytes, kind) if is_whole else part_line(report.bytes, kind, n_fragments)
    )


def dataset_numbers(report: DatasetReport) -> dict[str, Cell]:
    """Counts, bytes and errors of a report, without its time."""
    total, metrics = report.total, report.total.metrics
    is_written = report.verb != "verify"
    return {
        "fragments": total.n_fragments + len(report.failures),
        "written": report.n_written if is_written else None,
        "current": total.n_fragments - report.n_written if is_written else None,
        "failed": len(report.failures),
        "rows": total.n_rows,
        "source_bytes": total.source_bytes,
        "encoded_bytes": total.encoded_bytes,
        "ratio": total.source_bytes / total.encoded_bytes if total.encoded_bytes else None,
        "mse": None if metrics is None else metrics.mse,
        "max_to_tolerance": None if metrics is None else metrics.max_error_to_tolerance,
        "flattened": _flattened_names(report),
    }


def _flattened_names(report: DatasetReport) -> str | None:
    """Names of flattened columns, without spaces; None if there are none."""
    names = [column.name.replace(" ", "_") for column in report.flattened]
    more = f",+{len(names) - _MOST_NAMES}" if len(names) > _MOST_NAMES else ""
    return f"{','.join(names[:_MOST_NAMES])}{more}" if names else None
