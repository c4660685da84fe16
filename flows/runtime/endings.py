"""The end of a run: one line of numbers, the same in its log and in its state's message.

The line consists of `name=value` pairs, so `grep summary:` over a year's logs gives a table.
"""

from typing import TypeVar

from prefect import State, get_run_logger
from prefect.states import Completed

from ae_pipeline.report.presenter import present
from ae_pipeline.report.tables.table import Cell
from ae_pipeline.results.result import Result
from ae_pipeline.verbs import NOTHING
from ae_pipeline.work import Outcome

from .states import raise_if_failed

#: The most warnings in the log; the artifacts have all of them.
_MOST_WARNINGS = 20

R = TypeVar("R", bound=Result)


def ended(result: R, dataset: str, outcome: Outcome = NOTHING) -> State[R]:
    """Log a run's numbers, and return the state that says the same.

    Args:
        result: result of the run.
        dataset: path of the dataset that failed fragments belong to.
        outcome: results and failures of its fragments.

    Raises:
        FragmentsFailedError: some fragments failed; it names them and holds the numbers, too.
    """
    line = summary_line(result)
    _warn(result)
    get_run_logger().info("summary: %s", line)
    raise_if_failed(outcome, dataset, line)
    return Completed(message=line, data=result)


def planned(result: R) -> State[R]:
    """Return the end of a dry run: a Completed state named Planned that holds the work ahead."""
    shown = present(result)
    line = "; ".join([*shown.lines(), *shown.warnings()])
    get_run_logger().info("summary: %s", line)
    return Completed(name="Planned", message=line, data=result)


def _warn(result: Result) -> None:
    for warning in present(result).warnings()[:_MOST_WARNINGS]:
        get_run_logger().warning("%s", warning)


def summary_line(result: Result) -> str:
    """Return a result's numbers: `fragments=3 written=3 current=0 failed=0 rows=900 ...`."""
    values = present(result).numbers().items()
    return " ".join(f"{name}={_text(value)}" for name, value in values if value is not None)


def _text(value: Cell) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
