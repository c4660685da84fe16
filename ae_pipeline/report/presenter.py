"""How a type of result is presented, and the registry that finds its presenter.

A new type of result needs one class here or in a module of its own:

    @presents(SampleReport)
    class SamplePresenter(Presenter[SampleReport]):
        def tables(self) -> list[Table]:
            return [sample_table(self.result)]
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any, Generic, TypeVar  # Any: presenters of every type, and JSON trees

from ae_pipeline.report.tables.table import Cell, Table
from ae_pipeline.results.dataset import FragmentFailure
from ae_pipeline.results.result import Result

R = TypeVar("R", bound=Result)
P = TypeVar("P", bound="type[Presenter[Any]]")

_PRESENTERS: dict[type[Result], type[Presenter[Any]]] = {}


class Presenter(Generic[R]):
    """One result, ready for any medium. Subclasses override the parts that their result has."""

    def __init__(self, result: R) -> None:
        self.result = result

    def headline(self) -> str:
        """The result in one line, above the tables; empty if there is none."""
        return ""

    def tables(self) -> list[Table]:
        """Tables in reading order."""
        return []

    def lines(self) -> list[str]:
        """Sentences below the tables."""
        return []

    def warnings(self) -> list[str]:
        """Warnings, one sentence each."""
        return []

    def failures(self) -> Sequence[FragmentFailure]:
        """Fragments that failed."""
        return ()

    def n_fragments(self) -> int:
        """Fragments attempted, including those that failed."""
        return 0

    def dataset(self) -> str:
        """Path of the dataset that the failed fragments belong to."""
        return ""

    def details(self) -> dict[str, Table]:
        """Tables by name for a medium with room for hundreds of rows."""
        return {}

    def numbers(self) -> dict[str, Cell]:
        """Measures by name for one line of a log; None where a measure does not apply."""
        return {}

    def record(self) -> dict[str, Any]:
        """The result as a tree of plain values, the form that JSON gets."""
        return asdict(self.result)  # type: ignore[call-overload]  # results are dataclasses


def presents(kind: type[Result]) -> Callable[[P], P]:
    """Register the decorated class as the presenter of `kind`."""

    def register(presenter: P) -> P:
        _PRESENTERS[kind] = presenter
        return presenter

    return register


def present(result: Result) -> Presenter[Any]:
    """The presenter of a result.

    Raises:
        TypeError: no presenter is registered for its type.
    """
    try:
        return _PRESENTERS[type(result)](result)
    except KeyError:
        raise TypeError(f"no presenter is registered for {type(result).__name__}") from None
