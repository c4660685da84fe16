"""The page: one HTML file that needs nothing else, and that may load nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files

from ae_pipeline.pages.markup import Section, escaped

#: A browser that obeys it loads nothing, whatever a name in the data makes of itself.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:"

#: What tells a page from a file that is not to be written over.
GENERATOR = '<meta name="generator" content="ae-pipeline report">'


def compose(title: str, kind: str, head: str, sections: Sequence[Section], foot: str) -> str:
    """Return the page.

    Args:
        title: heading, and name of the tab.
        kind: one line of what it is, above the title.
        head: HTML below the title.
        sections: parts in reading order.
        foot: one line below everything.
    """
    links = "".join(f'<a href="#{one.name}">{escaped(one.title)}</a>' for one in sections)
    parts = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">',
        GENERATOR,
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{escaped(title)}</title><style>{_file('page.css')}</style></head><body>",
        f'<header><p class="kind">{escaped(kind)}</p><h1>{escaped(title)}</h1>{head}</header>',
        f"<nav><div>{links}</div></nav>" if len(sections) > 1 else "",
        f"<main>{''.join(map(_section, sections))}</main>",
        f"<footer>{escaped(foot)}</footer><script>{_file('page.js')}</script></body></html>",
    )
    return "\n".join(part for part in parts if part) + "\n"


def _section(one: Section) -> str:
    lead = f"<p>{escaped(one.lead)}</p>" if one.lead else ""
    wide = ' class="half"' if one.is_half else ""
    return (
        f'<section id="{one.name}"{wide}><h2>{escaped(one.title)}</h2>{lead}{one.body}</section>\n'
    )


def _file(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")
