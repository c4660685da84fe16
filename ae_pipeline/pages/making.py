"""Make a page of facts. It imports what draws, so only `report` imports it, and late."""

from __future__ import annotations

from ae_pipeline.pages.facts import Facts, gather
from ae_pipeline.pages.page import compose
from ae_pipeline.pages.pictures import SECTIONS
from ae_pipeline.pages.pictures.head import head, kind_line
from ae_pipeline.results.progress import Progress

_FOOT = "Made by ae-pipeline report. The page loads nothing: it can be mailed, kept and printed."


def make_page(path: str, source: str | None, color: str | None, progress: Progress) -> str:
    """Return the page as HTML; arguments and errors as those of `gather`."""
    return render(gather(path, source, color, progress))


def render(facts: Facts) -> str:
    """Return the page of these facts as HTML."""
    found = (make(facts) for make in SECTIONS)
    sections = [one for one in found if one is not None]
    return compose(facts.path, kind_line(facts), head(facts), sections, _FOOT)
