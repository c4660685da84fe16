"""How runs end: errors of ours as one line, I/O trouble with another attempt."""

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar, cast  # Any: Prefect's own signatures

from prefect import State, get_run_logger
from prefect.client.schemas.objects import TaskRun
from prefect.runtime import task_run
from prefect.states import Failed

from ae_pipeline.errors import AePipelineError, FragmentsFailedError
from ae_pipeline.pipeline import Outcome

P = ParamSpec("P")
T = TypeVar("T")

#: The most failed fragments that a state message names.
_NAMED_FAILURES = 5


class TransientError(OSError):
    """Some fragments met I/O trouble and may succeed at the next attempt."""


def failing_in_one_line(run: Callable[P, T]) -> Callable[P, T]:
    """Let a flow or task end Failed with the error's message instead of a traceback.

    Whoever calls the flow or task gets the error raised: Prefect does that with a Failed state.
    """

    @wraps(run)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return run(*args, **kwargs)
        except AePipelineError as error:
            return cast(T, Failed(message=str(error), data=error))

    return guarded


def is_worth_retrying(task: Any, run: TaskRun, state: State[Any]) -> bool:
    """Retry condition: I/O errors of the operating system, never errors of data or settings."""
    error = state.result(raise_on_failure=False)
    return isinstance(error, OSError) and not isinstance(error, AePipelineError)


def raise_if_transient(outcome: Outcome, retries: int) -> None:
    """Log failures and ask for another attempt while there is one; what is done is not done again.

    Raises:
        TransientError: a failure is worth a retry and this attempt is not the last.
    """
    for failure in outcome.failures:
        get_run_logger().error("failed: %s", failure)
    transient = [failure for failure in outcome.failures if failure.is_retriable]
    if transient and (task_run.run_count or 1) <= retries:
        raise TransientError(str(transient[0]))


def raise_if_failed(outcome: Outcome, source: str) -> None:
    """Raise `FragmentsFailedError` naming the fragments that failed, if any did."""
    failures = outcome.failures
    if failures:
        named = [str(failure) for failure in failures[:_NAMED_FAILURES]]
        raise FragmentsFailedError(
            f"{len(failures)} of {len(failures) + len(outcome.results)} fragments failed",
            where=source,
            got="; ".join(named),
            remedy="mend them and run again; the others are done",
        )
