"""The base of every verb's result: a record whose `repr` is the table that people read.

Tables are none of this room's business. `ae_pipeline.report` registers a writer for each form, and
`import ae_pipeline` imports it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

Form = Literal["text", "markdown", "html"]

_WRITERS: dict[str, Callable[[Result], str]] = {}


def register_form(form: Form, write: Callable[[Result], str]) -> None:
    """Let `write` put results into a form from now on."""
    _WRITERS[form] = write


class Result:
    """What a verb returns: as text in a terminal, as a table in a notebook.

    Subclasses are frozen dataclasses with `repr=False`; equality and pickling are theirs.
    """

    def __repr__(self) -> str:
        return _WRITERS.get("text", object.__repr__)(self)

    def _repr_markdown_(self) -> str:
        """Called by notebooks that render Markdown."""
        return _WRITERS["markdown"](self)

    def _repr_html_(self) -> str:
        """Called by notebooks, which prefer it to Markdown."""
        return _WRITERS["html"](self)
