"""The base of every verb's result: a record whose `repr` is the table that people read.

Tables are none of this room's business: `ae_pipeline.report` registers a writer for each form. It
is on a floor above, so it is imported by its name, when a result is first shown.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Literal

Form = Literal["text", "markdown", "html"]

_WRITERS: dict[Form, Callable[[Result], str]] = {}
_REGISTERS = "ae_pipeline.report"


def register_form(form: Form, write: Callable[[Result], str]) -> None:
    """Let `write` put results into a form from now on."""
    _WRITERS[form] = write


class Result:
    """The return value of a verb: text in a terminal, a table in a notebook.

    Subclasses are frozen dataclasses with `repr=False`; equality and pickling are theirs.
    """

    def __repr__(self) -> str:
        return _writer("text")(self)

    def _repr_markdown_(self) -> str:
        """Called by notebooks that render Markdown."""
        return _writer("markdown")(self)

    def _repr_html_(self) -> str:
        """Called by notebooks, which prefer it to Markdown."""
        return _writer("html")(self)


def _writer(form: Form) -> Callable[[Result], str]:
    if form not in _WRITERS:
        import_module(_REGISTERS)
    return _WRITERS[form]
