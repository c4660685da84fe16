"""News from workers in other processes: objects that they changed, facts that they learned."""

from __future__ import annotations

from dataclasses import dataclass

from ae_pipeline.locations import parse
from ae_pipeline.store.facts import Row
from ae_pipeline.store.mirror import Entry
from ae_pipeline.store.session import current, given_session


@dataclass(frozen=True)
class News:
    """Changes since the last news.

    Args:
        entries: objects by URI; None where they were deleted.
        facts: that were learned.
    """

    entries: tuple[tuple[str, Entry | None], ...]
    facts: tuple[Row, ...]


def take_news() -> News | None:
    """Return, in a worker, what happened since it was last asked; None if nothing did."""
    session = given_session()
    if session is None:
        return None
    entries, facts = session.take_changes(), session.facts.take_fresh()
    return News(tuple(entries), tuple(facts)) if entries or facts else None


def hear(news: News) -> None:
    """Take up, in the job's process, what a worker told."""
    session = current()
    for uri, entry in news.entries:
        location = parse(uri)
        if location is None:
            continue
        mirror = session.mirror(location)
        if entry is None:
            mirror.forget(location.key)
        else:
            mirror.note(location.key, entry)
    for uri, etag, kind, fact in news.facts:
        session.facts.remember(uri, etag, kind, fact)
