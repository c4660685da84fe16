"""A picture as an SVG file of its own, on white, for places that have no style sheet of ours."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

#: Pixels across.
_WIDE = 640
_FIRST_RULE = re.compile(r":root \{(.*?)\}", re.DOTALL)
_VALUE = re.compile(r"(--[a-z0-9-]+): (#[0-9a-f]{6})")
_USE = re.compile(r"var\((--[a-z0-9-]+)\)")


def standalone(svg: str) -> str:
    """Return a file of a picture.

    Args:
        svg: as `Picture` has it, an element of a page.
    """
    attributes = (
        f'xmlns="http://www.w3.org/2000/svg" width="{_WIDE}" font-family="system-ui, sans-serif" '
        f'style="background: {_light()["--paper"]}"'
    )
    coloured = _USE.sub(lambda use: _light()[use[1]], svg)
    return coloured.replace("<svg ", f"<svg {attributes} ", 1)


@cache
def _light() -> dict[str, str]:
    """Colours of the page where it is light, by the names of their variables."""
    sheet = files("ae_pipeline.pages").joinpath("page.css").read_text(encoding="utf-8")
    found = _FIRST_RULE.search(sheet)
    return dict(_VALUE.findall(found[1] if found else ""))
