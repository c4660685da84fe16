"""States of runs and tasks: expected errors end in one line, I/O errors are retried."""

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar, cast  # Any: Prefect's own signatures

from prefect import State
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import TaskRun
from prefect.states import Failed
from prefect.tasks import exponential_backoff

from ae_pipeline.errors import AePipelineError, FragmentsFailedError
from ae_pipeline.out_of_memory import memory_errors
from ae_pipeline.work import Outcome

from ..pages.events import emit_failures

P = ParamSpec("P")
T = TypeVar("T")

#: The most failed fragments that a state message names.
_NAMED_FAILURES = 5


def failing_in_one_line(run: Callable[P, T]) -> Callable[P, T]:
    """Let a flow or task end Failed with the error's message instead of a traceback.

    Inside a flow, call guarded functions through `result_of`, which raises the error again.
    """

    @wraps(run)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            with memory_errors(getattr(run, "__name__", "this run")):
                return run(*args, **kwargs)
        except AePipelineError as error:
            return cast(T, Failed(message=str(error), data=error))

    return guarded


def result_of(run: Callable[..., Any], *args: Any) -> Any:
    """Run a guarded task or flow and return its result, or raise its error."""
    return run(*args, return_state=True).result()


def is_worth_retrying(task: Any, run: TaskRun, state: State[Any]) -> bool:
    """Return whether to retry: only after I/O errors, never after errors of data or settings."""
    error = state.result(raise_on_failure=False)
    return isinstance(error, OSError) and not isinstance(error, AePipelineError)


#: Options of every task that does work. No cache: only the files at the destination count.
WORK: dict[str, Any] = {
    "cache_policy": NO_CACHE,
    "retry_delay_seconds": exponential_backoff(2),
    "retry_jitter_factor": 0.5,
    "retry_condition_fn": is_worth_retrying,
}


def raise_if_failed(outcome: Outcome, source: str, numbers: str) -> None:
    """Emit an event and raise `FragmentsFailedError` if any fragments failed; both name them.

    Args:
        outcome: outcome of all fragments.
        source: dataset they belong to.
        numbers: the run's numbers, for the end of the message.
    """
    failures = outcome.failures
    if failures:
        n_fragments = len(failures) + len(outcome.results)
        emit_failures(failures, n_fragments, source)
        raise FragmentsFailedError(
            f"{len(failures)} of {n_fragments} fragments failed",
            where=source,
            got="; ".join(str(failure) for failure in failures[:_NAMED_FAILURES]),
            remedy=f"fix them and run again; the others are done ({numbers})",
        )
