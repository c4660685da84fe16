"""One attempt at a fragment: errors of its data and of I/O become failures, bugs are raised."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeAlias, runtime_checkable

import pyarrow as pa

from ae_pipeline.dataset import Fragment
from ae_pipeline.errors import (
    AePipelineError,
    CorruptFragmentError,
    FragmentReplacedError,
    OutOfMemoryError,
    PromiseBrokenError,
    StoreUnavailableError,
)
from ae_pipeline.out_of_memory import memory_errors
from ae_pipeline.results.dataset import FragmentFailure, FragmentResult

Attempted: TypeAlias = FragmentResult | FragmentFailure


@runtime_checkable
class Work(Protocol):
    """Work on any fragment of a plan; it is pickled, and opened once in each process."""

    @property
    def paths(self) -> tuple[str, ...]:
        """Folders that the work reads and writes, for a worker to look for."""

    def open(self) -> Callable[[Fragment], FragmentResult]:
        """Load what the work needs, and return what does it."""


def attempt(work: Callable[[Fragment], Attempted], fragment: Fragment) -> Attempted:
    """Work on a fragment; a failure says why it cannot be done, and whether it may be later."""
    try:
        with memory_errors(fragment.relative):
            return work(fragment)
    except OutOfMemoryError as error:  # no file is to blame, whatever raised it
        return FragmentFailure(fragment.relative, str(error), is_retriable=True)
    except AePipelineError as error:
        is_damage = isinstance(error, (CorruptFragmentError, PromiseBrokenError))
        is_retriable = isinstance(error, (FragmentReplacedError, StoreUnavailableError))
        return FragmentFailure(fragment.relative, str(error), is_retriable, is_damage)
    except pa.ArrowException as error:
        message = f"{fragment.relative}: {error}"
        return FragmentFailure(fragment.relative, message, False, is_damage=True)
    except OSError as error:
        return FragmentFailure(fragment.relative, f"I/O error: {error}", is_retriable=True)
