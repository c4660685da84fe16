"""Object stores: their objects as paths of files, fetched when read, published whole."""

from ae_pipeline.store import changing
from ae_pipeline.store.job_visit import visiting_stores
from ae_pipeline.store.learned import recall, remember
from ae_pipeline.store.mirror import Entry
from ae_pipeline.store.news import News, hear, take_news
from ae_pipeline.store.paths import (
    ObjectPath,
    is_remote,
    is_there,
    is_unfetched,
    look_below,
    open_end,
    place,
    using,
    version_of,
    versions_in,
    walk,
)
from ae_pipeline.store.session import Pass, accept, give_pass, save_facts, visiting

__all__ = [
    "Entry",
    "News",
    "ObjectPath",
    "Pass",
    "accept",
    "changing",
    "give_pass",
    "hear",
    "is_remote",
    "is_there",
    "is_unfetched",
    "look_below",
    "open_end",
    "place",
    "recall",
    "remember",
    "save_facts",
    "take_news",
    "using",
    "version_of",
    "versions_in",
    "visiting",
    "visiting_stores",
    "walk",
]
