"""Work on many fragments: one that fails is named, the others finish."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextvars import copy_context
from dataclasses import dataclass

import pyarrow as pa

from ae_pipeline.errors import AePipelineError
from ae_pipeline.inference import pin_blas_threads
from ae_pipeline.results import FragmentFailure, FragmentResult, Progress, ProgressEvent
from ae_pipeline.source import Fragment


@dataclass(frozen=True)
class Outcome:
    """Results and failures, each in the order of the fragments."""

    results: tuple[FragmentResult, ...]
    failures: tuple[FragmentFailure, ...]


def for_each_fragment(
    fragments: Sequence[Fragment],
    work: Callable[[Fragment], FragmentResult],
    *,
    workers: int,
    stage: str,
    progress: Progress,
) -> Outcome:
    """Apply `work` to every fragment in threads; numpy and pyarrow release the interpreter lock.

    Errors of data and of I/O become failures; bugs (any other exception) are raised.
    """
    pin_blas_threads()
    done: dict[str, FragmentResult | FragmentFailure] = {}
    progress(ProgressEvent(stage, 0, len(fragments)))
    with ThreadPoolExecutor(workers, thread_name_prefix=stage) as pool:
        # Threads inherit no context by themselves; loggers find the run they belong to in it.
        futures = {
            pool.submit(copy_context().run, _attempt, work, fragment): fragment
            for fragment in fragments
        }
        try:
            for future in as_completed(futures):
                relative = futures[future].relative
                done[relative] = future.result()
                progress(ProgressEvent(stage, len(done), len(fragments), relative))
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    ordered = [done[fragment.relative] for fragment in fragments]
    return Outcome(
        tuple(item for item in ordered if isinstance(item, FragmentResult)),
        tuple(item for item in ordered if isinstance(item, FragmentFailure)),
    )


def _attempt(
    work: Callable[[Fragment], FragmentResult], fragment: Fragment
) -> FragmentResult | FragmentFailure:
    try:
        return work(fragment)
    except AePipelineError as error:
        return FragmentFailure(fragment.relative, str(error), is_retriable=False)
    except pa.ArrowException as error:
        return FragmentFailure(fragment.relative, f"{fragment.relative}: {error}", False)
    except OSError as error:
        return FragmentFailure(fragment.relative, f"I/O error: {error}", is_retriable=True)
