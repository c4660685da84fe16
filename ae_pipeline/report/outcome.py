"""Tables and lines of whatever a verb returns, in the order in which they are read."""

from __future__ import annotations

from typing import TypeAlias

from ae_pipeline.report.backfill import fragment_table, plan_line, state_table
from ae_pipeline.report.build import closing_lines, fit_table, report_tables
from ae_pipeline.report.compress import compress_lines
from ae_pipeline.report.drift import drift_table
from ae_pipeline.report.errors import partition_table
from ae_pipeline.report.table import Table
from ae_pipeline.results import (
    BackfillPlan,
    BackfillReport,
    CompressReport,
    DatasetReport,
    FitResult,
)

Result: TypeAlias = FitResult | DatasetReport | BackfillReport | CompressReport

#: Fragments of a plan that fit on a page.
_SHOWN = 40


def result_tables(result: Result) -> list[Table]:
    """What is shown above the lines."""
    if isinstance(result, FitResult):
        return [fit_table(result)]
    if isinstance(result, BackfillReport):
        done = [] if result.report is None else report_tables(result.report)
        return [*_plan_tables(result.plan, is_done=result.report is not None), *done]
    if isinstance(result, CompressReport):
        return _compress_tables(result)
    return report_tables(result)


def result_lines(result: Result) -> list[str]:
    """What is said below the tables."""
    if isinstance(result, FitResult):
        return []
    if isinstance(result, BackfillReport):
        done = [] if result.report is None else closing_lines(result.report)
        return [plan_line(result.plan), *done]
    if isinstance(result, CompressReport):
        verified = [] if result.verified is None else closing_lines(result.verified)
        return [plan_line(result.plan), *verified, *compress_lines(result)]
    return closing_lines(result)


def result_warnings(result: Result) -> list[str]:
    """What the reader should know."""
    if isinstance(result, DatasetReport):
        return list(result.warnings)
    if isinstance(result, BackfillReport):
        return [] if result.report is None else list(result.report.warnings)
    if isinstance(result, CompressReport):
        reports = (result.encoded, result.verified)
        return [warning for report in reports if report for warning in report.warnings]
    return []


def _plan_tables(plan: BackfillPlan, is_done: bool) -> list[Table]:
    """The states; what is to do as long as nothing was done about it."""
    has_work = bool(plan.selected or plan.pruned)
    return [
        state_table(plan),
        *([fragment_table(plan, _SHOWN)] if has_work and not is_done else []),
    ]


def _compress_tables(result: CompressReport) -> list[Table]:
    is_done = result.encoded is not None or result.verified is not None
    tables = _plan_tables(result.plan, is_done)
    if result.drift is not None:
        tables.append(drift_table(result.drift))
    reports = (result.encoded, result.verified)
    return [*tables, *(partition_table(report) for report in reports if report is not None)]
