"""Pages in Chinese keep in step with the English ones: the same commands, settings and links."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = ("README", "docs/tutorial")


def code(text: str) -> list[str]:
    """Lines of code, without their comments."""
    lines, is_fenced = [], False
    for line in text.splitlines():
        if line.startswith("```"):
            is_fenced = not is_fenced
        elif is_fenced or line.startswith("    "):
            lines.append(line.partition("  #")[0].rstrip())
    return [line for line in lines if line]


def both(page: str) -> tuple[str, str]:
    """A page in English and in Chinese."""
    english, chinese = (ROOT / f"{page}{suffix}.md" for suffix in ("", ".zh-CN"))
    return english.read_text(encoding="utf-8"), chinese.read_text(encoding="utf-8")


@pytest.mark.parametrize("page", PAGES)
def test_the_same_code(page: str) -> None:
    """Commands, Python, tolerances and job files are the same, line for line."""
    english, chinese = both(page)
    assert code(chinese) == code(english)


@pytest.mark.parametrize("page", PAGES)
def test_the_same_pages(page: str) -> None:
    """The same pages are linked, or their own in the same language."""

    def links(text: str) -> set[str]:
        found = re.findall(r"\]\(([^)#]*)", text.replace(".zh-CN.md", ".md"))
        return {link for link in found if not link.endswith((f"{Path(page).name}.md",))}

    english, chinese = both(page)
    assert links(chinese) == links(english)


@pytest.mark.parametrize("page", PAGES)
def test_the_same_sections(page: str) -> None:
    """Both have the same sections, as far as their code tells."""
    own, theirs = (re.split(r"^## ", text, flags=re.MULTILINE) for text in both(page))
    assert [len(code(one)) for one in own] == [len(code(one)) for one in theirs]
