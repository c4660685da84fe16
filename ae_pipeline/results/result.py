"""The base of every verb's result: a record whose `repr` is the table that people read.

Tables are none of this room's business: `ae_pipeline.report`, on a floor above, registers a writer
for each form, and the package imports it with the first verb. Without it a result has a plain repr.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

Form = Literal["text", "markdown", "html"]

_WRITERS: dict[Form, Callable[[Result], str]] = {}


def register_form(form: Form, write: Callable[[Result], str]) -> None:
    """Let `write` put results into a form from now on."""
    _WRITERS[form] = write


class Result:
    """The return value of a verb: text in a terminal, a table in a notebook.

    Subclasses are frozen dataclasses with `repr=False`; equality and pickling are theirs.
    """

    def __repr__(self) -> str:
        return _written(self, "text") or object.__repr__(self)

    def _repr_markdown_(self) -> str | None:
        """Called by notebooks that render Markdown; they pass over None."""
        return _written(self, "markdown")

    def _repr_html_(self) -> str | None:
        """Called by notebooks, which prefer it to Markdown; they pass over None."""
        return _written(self, "html")


def _written(result: Result, form: Form) -> str | None:
    write = _WRITERS.get(form)
    return None if write is None else write(result)
