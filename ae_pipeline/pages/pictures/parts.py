"""Where the bytes went, by part and by column: every byte of the folder, counted once."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ae_pipeline.pages.cells import percent, percent_words, size, words
from ae_pipeline.pages.drawing import Colour, bar_labels, drawing, label_columns
from ae_pipeline.pages.facts import Facts
from ae_pipeline.pages.markup import Section, figure, side_by_side, table
from ae_pipeline.pages.pictures import columns
from ae_pipeline.report.headline import size_words
from ae_pipeline.report.sizes import byte_table
from ae_pipeline.results.account import ByteAccount

_Part = tuple[str, int]


def section(facts: Facts) -> Section | None:
    """Bars and tables of parts and columns; None of a folder without an account."""
    account = facts.inspection.bytes
    if account is None:
        return None
    parts = _parts(account)
    total = sum(n for _, n in parts)
    rows = [[words(name), size(n), percent(n / total if total else None)] for name, n in parts]
    note = f"Together {size_words(total)}: every byte of the folder."
    own = [figure(_draw(parts, total)), table("Parts", ("part", "bytes", "share"), rows, note)]
    by_column = columns.bars(facts)
    body = side_by_side([by_column, "".join(own)] if by_column else own)
    return Section(
        "bytes", "Where the bytes went", _lead(account, total), body + columns.listed(facts)
    )


def picture(facts: Facts) -> str:
    """Return bars of the parts as SVG; empty of a folder without an account."""
    account = facts.inspection.bytes
    if account is None:
        return ""
    parts = _parts(account)
    return _draw(parts, sum(n for _, n in parts))


def _lead(account: ByteAccount, total: int) -> str:
    ratios = account.ratios
    if not total or ratios.files_with_model is None or ratios.files is None:
        return ""
    return (
        f"Of the source's files it is {ratios.files_with_model:.3g} times smaller with everything "
        f"counted, {ratios.files:.3g} times without the model, which all files share."
    )


def _parts(account: ByteAccount) -> list[_Part]:
    """Parts that have bytes, the largest first."""
    parts = [(str(row[0]), row[1]) for row in byte_table(account).rows]
    known = [(name, n) for name, n in parts if isinstance(n, int)]
    return sorted(known, key=lambda part: -part[1])


def _draw(parts: Sequence[_Part], total: int) -> str:
    with drawing("Bytes by part", 24 + 24 * len(parts)) as picture:
        axes, ends = picture.axes, [max(n, 0) for _, n in parts]
        drawn = axes.barh(range(len(parts)), ends, 0.7, color=Colour.OURS.value)
        for patch, (name, n) in zip(drawn, parts, strict=True):
            picture.tell(patch, f"{name}: {size_words(n)}")
        label_columns(axes, [_short(name) for name, _ in parts])
        texts = [f"{size_words(n)}, {percent_words(n / total)}" if total else "" for _, n in parts]
        bar_labels(axes, ends, texts)
    return picture.svg


def _short(name: str) -> str:
    """A part's name without its explanation; parts of the model say which they are."""
    return name if name.startswith("model") else re.split("[:,]", name)[0]
