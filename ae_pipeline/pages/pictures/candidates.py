"""The candidates of the plan: what each way to encode would have taken."""

from __future__ import annotations

from collections.abc import Sequence

from ae_pipeline.pages.cells import number, size, words
from ae_pipeline.pages.drawing import Colour, bar_labels, drawing, label_columns
from ae_pipeline.pages.facts import Facts
from ae_pipeline.pages.markup import Section, figure, side_by_side, table
from ae_pipeline.report.headline import size_words
from ae_pipeline.results.fit import Candidate

_LEAD = (
    "Ways to encode that were measured on sample blocks when the codec was fitted, with the bytes "
    "of their models. The blue one was chosen."
)
_NOTE = "seconds: to fit and to measure it."


def section(facts: Facts) -> Section | None:
    """Bars and a table; None of a codec without a plan."""
    plan = sorted(facts.inspection.plan, key=lambda one: one.payload_bytes + one.model_bytes)
    if not plan:
        return None
    rows = [
        [
            words(f"{one.name}{' (chosen)' if one.is_chosen else ''}"),
            size(one.payload_bytes + one.model_bytes),
            size(one.payload_bytes),
            size(one.model_bytes),
            number(one.seconds, " s"),
        ]
        for one in plan
    ]
    headings = ("candidate", "bytes", "payload", "model", "seconds")
    body = [figure(_draw(plan)), table("Candidates", headings, rows, _NOTE)]
    return Section("plan", "Candidates of the plan", _LEAD, side_by_side(body))


def _draw(plan: Sequence[Candidate]) -> str:
    with drawing("Bytes of the candidates", 24 + 24 * len(plan)) as picture:
        ends = [one.payload_bytes + one.model_bytes for one in plan]
        colours = [(Colour.OURS if one.is_chosen else Colour.SOURCE).value for one in plan]
        drawn = picture.axes.barh(range(len(plan)), ends, 0.7, color=colours)
        for patch, one, end in zip(drawn, plan, ends, strict=True):
            picture.tell(patch, f"{one.name}: {size_words(end)}")
        label_columns(picture.axes, [one.name for one in plan])
        bar_labels(picture.axes, ends, [size_words(end) for end in ends])
    return picture.svg
