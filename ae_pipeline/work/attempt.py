"""One attempt at an item: errors of its data and of I/O become failures, bugs are raised."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar, runtime_checkable

import pyarrow as pa

from ae_pipeline.errors import (
    AePipelineError,
    CorruptFragmentError,
    FragmentReplacedError,
    OutOfMemoryError,
    PromiseBrokenError,
    StoreUnavailableError,
)
from ae_pipeline.out_of_memory import memory_errors
from ae_pipeline.results.dataset import FragmentFailure


@runtime_checkable
class Item(Protocol):
    """A fragment, or several that belong together; it is pickled."""

    @property
    def relative(self) -> str:
        """Its name, for messages and progress; no other item of the work has it."""

    @property
    def size_bytes(self) -> int:
        """Bytes of files that take about as long to encode as this takes."""


AnItem = TypeVar("AnItem", bound=Item)
AnyMade = TypeVar("AnyMade")
_Item_contra = TypeVar("_Item_contra", bound=Item, contravariant=True)
_Made_co = TypeVar("_Made_co", covariant=True)


@runtime_checkable
class Work(Protocol[_Item_contra, _Made_co]):
    """Work on any item of a plan; it is pickled, and opened once in each process."""

    @property
    def paths(self) -> tuple[str, ...]:
        """Folders that the work reads and writes, for a worker to look for."""

    @property
    def makes(self) -> type[_Made_co]:
        """Class of what it makes of an item, which is pickled; answers of others are refused."""

    def open(self) -> Callable[[_Item_contra], _Made_co]:
        """Load what the work needs, and return what does it."""


def attempt(work: Callable[[AnItem], AnyMade], item: AnItem) -> AnyMade | FragmentFailure:
    """Work on an item; a failure says why it cannot be done, and whether it may be later."""
    try:
        with memory_errors(item.relative):
            return work(item)
    except OutOfMemoryError as error:  # no file is to blame, whatever raised it
        return FragmentFailure(item.relative, str(error), is_retriable=True)
    except AePipelineError as error:
        is_damage = isinstance(error, (CorruptFragmentError, PromiseBrokenError))
        is_retriable = isinstance(error, (FragmentReplacedError, StoreUnavailableError))
        return FragmentFailure(item.relative, str(error), is_retriable, is_damage)
    except pa.ArrowException as error:
        message = f"{item.relative}: {error}"
        return FragmentFailure(item.relative, message, False, is_damage=True)
    except OSError as error:
        return FragmentFailure(item.relative, f"I/O error: {error}", is_retriable=True)
