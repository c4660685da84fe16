"""An SVG file of matplotlib as an element of a page: without what only a file needs.

Names inside are made unique, because all pictures of a page share one set of them.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from xml.etree import ElementTree as Tree

from ae_pipeline.pages.drawing.colours import Colour

_LINK = "{http://www.w3.org/1999/xlink}href"
_DROPPED = {"metadata", "style"}
_NUMBER = re.compile(r"-?\d+\.\d+")
_COLOUR = re.compile(r"#0101\d\d")
_VARIABLES = {colour.value: f"var({colour.variable})" for colour in Colour}
_FONT = re.compile(r"font-family:[^;]*;? ?")
_STILL = re.compile(r"rotate\(-?0 [^)]*\)")


def inline(svg: str, label: str, told: Mapping[str, str]) -> str:
    """Return an element of HTML.

    Args:
        svg: as matplotlib writes it.
        label: what the picture shows.
        told: texts for the pointer, by the ids of groups.
    """
    root = Tree.fromstring(svg)  # noqa: S314  it is matplotlib's own
    unique = hashlib.sha256(svg.encode()).hexdigest()[:8]
    _clean(root, unique, told)
    del root.attrib["width"], root.attrib["height"], root.attrib["version"]
    root.attrib.update({"role": "img", "aria-label": label})
    return Tree.tostring(root, encoding="unicode", short_empty_elements=True)


def _clean(node: Tree.Element, unique: str, told: Mapping[str, str]) -> None:
    node.tag = _local(node.tag)
    node.tail = None
    if node.tag != "text":
        node.text = None
    name = node.attrib.pop("id", "")
    for child in list(node):
        if _local(child.tag) in _DROPPED:
            node.remove(child)
        else:
            _clean(child, unique, told)
    if name in told:
        title = Tree.Element("title")
        title.text = told[name]
        node.insert(0, title)
    elif node.tag in ("clipPath", "path") and name:
        node.set("id", f"{name}-{unique}")
    _clean_attributes(node, unique)


def _clean_attributes(node: Tree.Element, unique: str) -> None:
    link = node.attrib.pop(_LINK, None)
    if link is not None:
        node.set("href", f"{link}-{unique}")
    for key in ("d", "x", "y", "points"):
        if key in node.attrib:
            node.set(key, _NUMBER.sub(_short, " ".join(node.attrib[key].split())))
    if "clip-path" in node.attrib:
        node.set("clip-path", node.attrib["clip-path"].replace(")", f"-{unique})"))
    if _STILL.fullmatch(node.attrib.get("transform", "")):
        del node.attrib["transform"]
    if "style" in node.attrib:
        style = _FONT.sub("", node.attrib["style"])
        node.set("style", _COLOUR.sub(lambda found: _VARIABLES[found[0]], style))


def _short(found: re.Match[str]) -> str:
    """A tenth of a point is finer than anybody sees; unit squares need two digits."""
    return f"{float(found[0]):.2f}".rstrip("0").rstrip(".")


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]
