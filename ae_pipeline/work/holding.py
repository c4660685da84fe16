"""Fragments that a worker reads, some of which may be objects that it has not listed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager

from ae_pipeline.dataset import Fragment
from ae_pipeline.store import using


@contextmanager
def holding(fragments: Iterable[Fragment]) -> Iterator[None]:
    """Let a worker read these fragments, whoever listed them.

    Content of objects that is fetched inside stays until the context ends.
    """
    with ExitStack() as stack:
        for fragment in fragments:
            stack.enter_context(using(fragment.path, fragment.version))
        yield
