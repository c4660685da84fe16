"""How a run ends: one line of numbers, the same in its log and in its state's message.

The line is made of `name=value`, so that `grep summary:` over the logs of a year is a table.
"""

from typing import TypeVar

from prefect import State, get_run_logger
from prefect.states import Completed

from ae_pipeline.report.outcome import Result, result_lines, result_warnings
from ae_pipeline.results.backfill import BackfillReport
from ae_pipeline.results.compress import CompressReport
from ae_pipeline.results.dataset import DatasetReport
from ae_pipeline.results.fit import FitResult
from ae_pipeline.verbs import NOTHING
from ae_pipeline.work import Outcome
from flows.states import raise_if_failed

#: Columns that a line of numbers names, and warnings that the log has.
_MOST_NAMES, _MOST_WARNINGS = 8, 20

Value = str | int | float | None
R = TypeVar("R", bound=Result)


def ended(result: R, dataset: str, outcome: Outcome = NOTHING) -> State[R]:
    """Log a run's numbers; the state that says the same.

    Args:
        result: what the run did.
        dataset: path that failures are told of.
        outcome: of its fragments.

    Raises:
        FragmentsFailedError: some failed; it names them and has the numbers, too.
    """
    line = summary_line(result)
    _warn(result)
    get_run_logger().info("summary: %s", line)
    raise_if_failed(outcome, dataset, line)
    return Completed(message=line, data=result)


def planned(result: R) -> State[R]:
    """The end of a dry run: what there is to do, as Completed by the name of Planned."""
    line = "; ".join([*result_lines(result), *result_warnings(result)])
    get_run_logger().info("summary: %s", line)
    return Completed(name="Planned", message=line, data=result)


def _warn(result: Result) -> None:
    """What the reader should know, in the log; the artifacts have all of it."""
    for warning in result_warnings(result)[:_MOST_WARNINGS]:
        get_run_logger().warning("%s", warning)


def summary_line(result: Result) -> str:
    """The numbers of a result: `fragments=3 written=3 current=0 failed=0 rows=900 ...`."""
    values = {**_numbers(result), "seconds": result.seconds}
    return " ".join(f"{name}={_text(value)}" for name, value in values.items() if value is not None)


def _numbers(result: Result) -> dict[str, Value]:
    if isinstance(result, FitResult):
        return _fit_numbers(result)
    if isinstance(result, BackfillReport):
        planned = {"planned": len(result.plan.fragments), "pruned": len(result.plan.pruned)}
        return {**planned, **({} if result.report is None else _dataset_numbers(result.report))}
    if isinstance(result, CompressReport):
        return _compress_numbers(result)
    return _dataset_numbers(result)


def _fit_numbers(result: FitResult) -> dict[str, Value]:
    return {
        "codec": result.codec_id,
        "state": result.state,
        "rows": result.n_rows,
        "features": result.n_features,
        "latent_dim": result.latent_dim,
        "parameters": result.n_parameters,
        "epochs": result.training.epochs,
        "validation_loss": result.training.validation_loss,
    }


def _dataset_numbers(report: DatasetReport) -> dict[str, Value]:
    total, metrics = report.total, report.total.metrics
    return {
        "fragments": total.n_fragments + len(report.failures),
        "written": None if report.verb == "verify" else report.n_written,
        "current": None if report.verb == "verify" else total.n_fragments - report.n_written,
        "failed": len(report.failures),
        "rows": total.n_rows,
        "source_bytes": total.source_bytes,
        "encoded_bytes": total.encoded_bytes,
        "ratio": total.source_bytes / total.encoded_bytes if total.encoded_bytes else None,
        "mse": None if metrics is None else metrics.mse,
        "max_to_tolerance": None if metrics is None else metrics.max_error_to_tolerance,
        "flattened": _names(report),
    }


def _names(report: DatasetReport) -> str | None:
    """Columns of which the promise leaves next to nothing; None if there are none."""
    names = [column.name.replace(" ", "_") for column in report.flattened]
    more = f",+{len(names) - _MOST_NAMES}" if len(names) > _MOST_NAMES else ""
    return f"{','.join(names[:_MOST_NAMES])}{more}" if names else None


def _compress_numbers(report: CompressReport) -> dict[str, Value]:
    """What was read back has the errors; what was encoded, if anything, the count of written."""
    encoded, verified, drift = report.encoded, report.verified, report.drift
    shown = verified or encoded
    return {
        "planned": len(report.plan.fragments),
        **({} if shown is None else _dataset_numbers(shown)),
        "written": 0 if encoded is None else encoded.n_written,
        "current": None,
        "failed": len(report.failures),
        "verified": 0 if verified is None else verified.total.n_fragments,
        "retired": len(report.retired),
        "drifted": None if drift is None else sum(one.is_grown for one in drift.partitions),
    }


def _text(value: Value) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
