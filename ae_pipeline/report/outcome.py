"""Tables and lines of whatever a verb returns, in the order in which they are read."""

from __future__ import annotations

from typing import TypeAlias

from ae_pipeline.report.backfill import (
    done_line,
    fragment_table,
    plan_line,
    removed_table,
    replaced_lines,
    state_table,
)
from ae_pipeline.report.build import closing_lines, fit_table, report_tables
from ae_pipeline.report.compress import compress_lines
from ae_pipeline.report.drift import drift_table
from ae_pipeline.report.errors import partition_table
from ae_pipeline.report.fidelity import fidelity_table
from ae_pipeline.report.table import Table
from ae_pipeline.results.backfill import BackfillPlan, BackfillReport
from ae_pipeline.results.compress import CompressReport
from ae_pipeline.results.dataset import DatasetReport
from ae_pipeline.results.fit import FitResult

Result: TypeAlias = FitResult | DatasetReport | BackfillReport | CompressReport

#: Fragments of a plan that fit on a page.
_SHOWN = 40


def result_tables(result: Result) -> list[Table]:
    """What is shown above the lines."""
    if isinstance(result, FitResult):
        return [fit_table(result)]
    if isinstance(result, BackfillReport):
        done = [] if result.report is None else report_tables(result.report)
        return [*_plan_tables(result.plan), *done]
    if isinstance(result, CompressReport):
        return _compress_tables(result)
    return report_tables(result)


def result_lines(result: Result) -> list[str]:
    """What is said below the tables."""
    if isinstance(result, FitResult):
        return []
    if isinstance(result, BackfillReport):
        done = [] if result.report is None else closing_lines(result.report)
        return [_plan_line(result.plan), *replaced_lines(result.replaced), *done]
    if isinstance(result, CompressReport):
        verified = [] if result.verified is None else closing_lines(result.verified)
        replaced = replaced_lines(result.replaced)
        return [_plan_line(result.plan), *verified, *replaced, *compress_lines(result)]
    return closing_lines(result)


def result_warnings(result: Result) -> list[str]:
    """What the reader should know."""
    if isinstance(result, DatasetReport | FitResult):
        return list(result.warnings)
    if isinstance(result, BackfillReport):
        done = [] if result.report is None else list(result.report.warnings)
        return [*result.plan.warnings, *done]
    reports = (result.encoded, result.verified)
    told = [warning for report in reports if report for warning in report.warnings]
    return [*result.plan.warnings, *dict.fromkeys(told)]


def _plan_tables(plan: BackfillPlan) -> list[Table]:
    """The states, and what is to do; after a run what was removed, since the rest is told apart."""
    if not plan.is_dry_run:
        removed = [removed_table(plan, _SHOWN)] if plan.pruned else []
        return [state_table(plan, is_done=True), *removed]
    has_work = bool(plan.selected or plan.pruned or plan.replaceable)
    return [state_table(plan), *([fragment_table(plan, _SHOWN)] if has_work else [])]


def _plan_line(plan: BackfillPlan) -> str:
    return plan_line(plan) if plan.is_dry_run else done_line(plan)


def _compress_tables(result: CompressReport) -> list[Table]:
    tables = _plan_tables(result.plan)
    if result.drift is not None:
        tables.append(drift_table(result.drift))
    reports = [report for report in (result.encoded, result.verified) if report is not None]
    tables += [partition_table(report) for report in reports]
    # What was read back was compared, so its shares are of all values.
    return [
        *tables,
        *(fidelity_table(report.fidelity) for report in reports[-1:] if report.fidelity),
    ]
