"""Select fragments by a SQL predicate on partition keys; sqlglot parses it."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import expressions as sql
from sqlglot.dialects import Dialect
from sqlglot.errors import ParseError, SqlglotError

from ae_pipeline.dataset import Fragment, partition_keys
from ae_pipeline.errors import ConfigError, listing
from ae_pipeline.selection.evaluator import Evaluator, Node, UnknownError
from ae_pipeline.selection.operand import MismatchError


def fragments_where(fragments: Sequence[Fragment], predicate: str) -> tuple[Fragment, ...]:
    """Return the fragments whose partition keys satisfy the predicate, in their order.

    Raises:
        ConfigError: it cannot be parsed, names no key, or compares values that cannot be compared.
    """
    keys = partition_keys(fragments)
    try:
        truths = Evaluator(keys, len(fragments)).truths(_parse(predicate))
    except (SqlglotError, MismatchError, UnknownError, RecursionError) as error:
        raise ConfigError(
            "cannot evaluate the predicate",
            where="backfill.where",
            expected=f"comparisons of {listing(list(keys))}",
            got=f"{predicate} ({_complaint(error)})",
        ) from None
    return tuple(fragment for fragment, holds in zip(fragments, truths, strict=True) if holds)


def _parse(predicate: str) -> Node:
    """Parse a text that is one condition; statements are refused."""
    conditions = Dialect.get_or_raise(None).parse_into(sql.Condition, predicate)
    found = [one for one in conditions if one is not None]
    if len(found) != 1:
        raise UnknownError("several conditions, join them by and" if found else "it is empty")
    return found[0]


def _complaint(error: Exception) -> str:
    """Return one line, without the class names and terminal colours of sqlglot."""
    if isinstance(error, RecursionError):
        return "nested too deeply"
    if isinstance(error, ParseError) and error.errors:
        first = error.errors[0]
        return f"not understood at {first['highlight']}, column {first['col']}"
    if isinstance(error, SqlglotError):
        return "not understood: is every quote closed?"
    return str(error)
