"""The Chinese README keeps in step with the English one: the same commands, settings and links."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
ENGLISH, CHINESE = (
    (ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "README.zh-CN.md")
)


def code(text: str) -> list[str]:
    """Lines of code, without their comments."""
    lines, is_fenced = [], False
    for line in text.splitlines():
        if line.startswith("```"):
            is_fenced = not is_fenced
        elif is_fenced or line.startswith("    "):
            lines.append(line.partition("  #")[0].rstrip())
    return [line for line in lines if line]


def test_the_same_code() -> None:
    """Commands, Python, tolerances and the job file are the same, line for line."""
    assert code(CHINESE) == code(ENGLISH)


def test_the_same_pages() -> None:
    """The same pages are linked, decisions and how-to pages among them."""

    def links(text: str) -> set[str]:
        return set(re.findall(r"\]\(([^)]*)\)", text)) - {"README.md", "README.zh-CN.md"}

    assert links(CHINESE) == links(ENGLISH)


def test_the_same_sections() -> None:
    """Both have the same number of sections, in the same order of length of their code."""
    own, theirs = (re.split(r"^## ", text, flags=re.MULTILINE) for text in (ENGLISH, CHINESE))
    assert len(own) == len(theirs)
    assert [len(code(one)) for one in own] == [len(code(one)) for one in theirs]
