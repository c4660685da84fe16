"""Select by patterns which fragments and columns of a dataset are decoded."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import TypeVar

from ae_pipeline.config.selection import SelectionConfig
from ae_pipeline.dataset import Fragment, Source
from ae_pipeline.errors import ConfigError, listing
from ae_pipeline.storage import Part

_Item = TypeVar("_Item")


def select_fragments(dataset: Source, selection: SelectionConfig) -> Source:
    """Return the dataset with only the fragments of the selected partitions.

    Raises:
        ConfigError: a pattern matches no partition.
    """
    _check_matched(dataset.fragments, selection.partitions, _is_in, "partition")
    return of_partitions(dataset, selection)


def of_partitions(dataset: Source, selection: SelectionConfig) -> Source:
    """As `select_fragments`, but patterns may match nothing."""
    chosen = [
        fragment
        for fragment in dataset.fragments
        if not selection.partitions or any(_is_in(fragment, p) for p in selection.partitions)
    ]
    return replace(dataset, fragments=tuple(chosen))


def select_part(selection: SelectionConfig, names: Sequence[str]) -> Part:
    """Return the wanted columns and row groups of each fragment.

    Args:
        selection: patterns and row groups that the job asks for.
        names: columns that any fragment has.

    Raises:
        ConfigError: a pattern matches no column.
    """
    columns = None
    if selection.columns:
        _check_matched(names, selection.columns, _is_match, "column")
        columns = frozenset(
            name for name in names if any(_is_match(name, p) for p in selection.columns)
        )
    return Part(columns, selection.row_groups or None)


def _is_match(name: str, pattern: str) -> bool:
    """Whether a name is the pattern, brackets and all, or matches it."""
    return name == pattern or fnmatchcase(name, pattern)


def _is_in(fragment: Fragment, pattern: str) -> bool:
    """Whether a fragment lies in, or below, a folder that matches."""
    folders = fragment.partition.split("/")
    above = ("/".join(folders[:depth]) for depth in range(1, len(folders) + 1))
    return any(_is_match(folder, pattern.rstrip("/")) for folder in above)


def _check_matched(
    items: Sequence[_Item],
    patterns: Iterable[str],
    matches: Callable[[_Item, str], bool],
    what: str,
) -> None:
    """Raise `ConfigError` if a pattern matches nothing: it is a typo."""
    for pattern in patterns:
        if not any(matches(item, pattern) for item in items):
            raise ConfigError(
                f"no {what} matches",
                where=f"selection.{what}s",
                expected=_examples(items),
                got=pattern,
            )


def _examples(items: Sequence[_Item]) -> str:
    names = dict.fromkeys(
        item.partition if isinstance(item, Fragment) else str(item) for item in items
    )
    return f"one of {listing(list(names))}"
