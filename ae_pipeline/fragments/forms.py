"""Keep what a file states beyond its Arrow schema, or say before encoding what cannot be kept."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from ae_pipeline.dataset import Fragment, opened
from ae_pipeline.errors import UnkeptColumnError, listing
from ae_pipeline.parquet import Change, Form, own_form


def kept_form(
    fragment: Fragment, arrow: pa.Schema, *, accepts_changes: bool
) -> tuple[Form | None, tuple[str, ...]]:
    """Return a source fragment's form, and warnings of columns that decode will write differently.

    Args:
        fragment: source fragment, its 96-bit timestamps in a unit that holds them all.
        arrow: schema that Arrow reads from it.
        accepts_changes: whether columns may come back with other Parquet types.

    Raises:
        UnkeptColumnError: a column's Parquet type would change, and no changes are accepted.
    """
    with opened(fragment) as file:
        form, changes = own_form(file, arrow, fragment.int96)
    if changes and not accepts_changes:
        raise UnkeptColumnError(
            "columns cannot come back with the Parquet types that they have",
            where=f"{fragment.relative}, column {listing([one.name for one in changes])}",
            expected=changes[0].source,
            got=changes[0].decoded,
            remedy="--accept-changes (columns.accept_changes) goes on: values stay, types change",
        )
    return form, tuple(_told(fragment, change) for change in changes)


def _told(fragment: Fragment, change: Change) -> str:
    return (
        f"{fragment.relative}: column {change.name} will be decoded as {change.decoded}; "
        f"the source has {change.source}"
    )


def describe_changes(changes: Sequence[Change]) -> str:
    """Describe the first change, and count the others, for a message."""
    one, more = changes[0], f" and {len(changes) - 1} more" if len(changes) > 1 else ""
    place = f"column {one.name} is " if one.name else ""
    return f"{place}{one.decoded}, not {one.source}{more}"
