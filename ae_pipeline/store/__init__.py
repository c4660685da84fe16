"""Object stores: their objects as paths of files, fetched when read, published whole."""

from ae_pipeline.store import changing
from ae_pipeline.store.clients import (
    Credentials,
    Loan,
    lending,
    packed_credentials,
    take_credentials,
)
from ae_pipeline.store.fetching.ranges import Span
from ae_pipeline.store.job_visit import visiting_stores
from ae_pipeline.store.learned import recall, remember
from ae_pipeline.store.mirror import Entry
from ae_pipeline.store.news import News, hear, take_news
from ae_pipeline.store.paths import (
    ObjectPath,
    expect,
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
from ae_pipeline.store.uploads import Uploads, uploads_to
from ae_pipeline.store.versions import Deletions, deletions_in, find_present

__all__ = [
    "Credentials",
    "Deletions",
    "Entry",
    "Loan",
    "News",
    "ObjectPath",
    "Pass",
    "Span",
    "Uploads",
    "accept",
    "changing",
    "deletions_in",
    "expect",
    "find_present",
    "give_pass",
    "hear",
    "is_remote",
    "is_there",
    "is_unfetched",
    "lending",
    "look_below",
    "open_end",
    "packed_credentials",
    "place",
    "recall",
    "remember",
    "save_facts",
    "take_credentials",
    "take_news",
    "uploads_to",
    "using",
    "version_of",
    "versions_in",
    "visiting",
    "visiting_stores",
    "walk",
]
