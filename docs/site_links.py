"""Links of pages to files outside `docs`, which the site does not have: their text alone."""

from __future__ import annotations

import logging
import re
from pathlib import Path
from typing import Any  # the application of Sphinx

_LINK = re.compile(r"\[([^\]]+)\]\(([^)#]+?)(#[^)]*)?\)")
_ABSOLUTE = ("http:", "https:", "mailto:")

logger = logging.getLogger("sphinx.site_links")


def setup(app: Any) -> dict[str, bool]:
    """Register with Sphinx, which calls this."""
    app.connect("source-read", _rewrite)
    return {"parallel_read_safe": True}


def _rewrite(app: Any, name: str, source: list[str]) -> None:
    """Replace links that lead out of the site; a file that does not exist is a warning."""
    docs = Path(app.srcdir).resolve()
    folder = (docs / name).parent

    def replaced(link: re.Match[str]) -> str:
        text, target = link[1], link[2]
        if target.startswith(_ABSOLUTE):
            return link[0]
        path = (folder / target).resolve()
        if not path.exists():
            logger.warning("%s: no such file: %s", name, target)
        is_page = path.is_relative_to(docs) and path.suffix in (".ipynb", ".md", ".png", ".svg")
        return link[0] if is_page else text

    source[0] = _LINK.sub(replaced, source[0])
