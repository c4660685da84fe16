"""Make a page of facts. It imports what draws, so only `report` imports it, and late."""

from __future__ import annotations

from dataclasses import dataclass

from ae_pipeline.pages.drawing import standalone
from ae_pipeline.pages.facts import Comparison, Facts, gather
from ae_pipeline.pages.page import compose
from ae_pipeline.pages.pictures import SECTIONS, columns, parts
from ae_pipeline.pages.pictures.head import head, kind_line, numbers, sentences

_FOOT = "Made by ae-pipeline report. The page loads nothing: it can be mailed, kept and printed."


@dataclass(frozen=True)
class Made:
    """A page, and the key facts on it for who has no room for a page.

    Args:
        page: as HTML.
        numbers: names and values, in words.
        sentences: the verdict, and what is not in order.
        picture: where the bytes went, as an SVG file; empty where that is not known.
    """

    page: str
    numbers: tuple[tuple[str, str], ...]
    sentences: tuple[str, ...]
    picture: str


def make_page(path: str, source: str | None, color: str | None, compare: Comparison) -> Made:
    """Return the page; arguments and errors as those of `gather`."""
    facts = gather(path, source, color, compare)
    picture = columns.picture(facts) or parts.picture(facts)
    return Made(
        render(facts),
        tuple(numbers(facts)),
        tuple(sentences(facts)),
        standalone(picture) if picture else "",
    )


def render(facts: Facts) -> str:
    """Return the page of these facts as HTML."""
    found = (make(facts) for make in SECTIONS)
    sections = [one for one in found if one is not None]
    return compose(facts.path, kind_line(facts), head(facts), sections, _FOOT)
