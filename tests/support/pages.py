"""How-to pages as programs: their code blocks, in order."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
HOW_TO = ROOT / "docs/how-to"


def blocks(page: str, language: str) -> list[str]:
    """Content of the code blocks of one language."""
    text = (HOW_TO / f"{page}.md").read_text(encoding="utf-8")
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


def session(page: str) -> tuple[str, str]:
    """The command and the output of the one ```console block of a page."""
    (text,) = blocks(page, "console")
    command, _, output = text.removeprefix("$ ").partition("\n")
    return command, output
