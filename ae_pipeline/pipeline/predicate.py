"""SQL predicates on partition keys → the fragments that they hold for.

sqlglot parses; only comparisons, `and`, `or`, `not`, `in`, `between`, `like` and `is null` are
evaluated, by Arrow, so a predicate can neither read files nor call functions.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NoReturn, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc
import sqlglot
from sqlglot import expressions as sql
from sqlglot.errors import ParseError, SqlglotError

from ae_pipeline.errors import ConfigError
from ae_pipeline.source import Fragment, partition_table

Node: TypeAlias = sql.Expr
#: What a node of the parsed predicate stands for.
Translate: TypeAlias = Callable[[Node], pc.Expression]


def fragments_where(fragments: Sequence[Fragment], predicate: str) -> tuple[Fragment, ...]:
    """The fragments whose partition keys satisfy the predicate, in their order.

    Raises:
        ConfigError: it cannot be parsed, names no key, or compares text with numbers.
    """
    table = partition_table(fragments)
    numbered = table.append_column("", pa.array(range(len(fragments)), pa.int64()))
    try:
        expression = _Translator(table.column_names).translate(sqlglot.parse_one(predicate))
        chosen = numbered.filter(expression)[""].to_pylist()
    except (SqlglotError, pa.ArrowException, _UnknownError) as error:
        raise ConfigError(
            "cannot evaluate the predicate",
            where="backfill.where",
            expected=f"comparisons of {', '.join(table.column_names)}",
            got=f"{predicate} ({_complaint(error)})",
        ) from error
    return tuple(fragments[number] for number in chosen)


class _UnknownError(Exception):
    """A part of a predicate that is not evaluated here."""


@dataclass(frozen=True)
class _Translator:
    """A predicate's syntax tree → the same in Arrow's words.

    Args:
        keys: columns that it may name.
    """

    keys: Sequence[str]

    def translate(self, node: Node) -> pc.Expression:
        """The expression of a node and of all below it."""
        combine = _OPERATORS.get(type(node))
        if combine is not None:
            return combine(self.translate(node.this), self.translate(node.expression))
        return self._forms().get(type(node), self._refuse)(node)

    def _forms(self) -> dict[type[Node], Translate]:
        return {
            sql.Paren: lambda node: self.translate(node.this),
            sql.Not: lambda node: ~self.translate(node.this),
            sql.Column: self._key,
            sql.Literal: lambda node: pc.scalar(_constant(node)),
            sql.Neg: lambda node: pc.scalar(_constant(node)),
            sql.Between: self._between,
            sql.In: self._in,
            sql.Is: self._is_null,
            sql.Like: self._like,
        }

    def _key(self, node: Node) -> pc.Expression:
        if node.name not in self.keys:
            raise _UnknownError(f"there is no key {node.name}")
        return pc.field(node.name)

    def _between(self, node: Node) -> pc.Expression:
        value = self.translate(node.this)
        low, high = (self.translate(node.args[side]) for side in ("low", "high"))
        return (value >= low) & (value <= high)

    def _in(self, node: Node) -> pc.Expression:
        if not node.expressions:
            self._refuse(node)
        return self.translate(node.this).isin([_constant(one) for one in node.expressions])

    def _is_null(self, node: Node) -> pc.Expression:
        if not isinstance(node.expression, sql.Null):
            self._refuse(node)
        return self.translate(node.this).is_null()

    def _like(self, node: Node) -> pc.Expression:
        return pc.match_like(self.translate(node.this), str(_constant(node.expression)))

    def _refuse(self, node: Node) -> NoReturn:
        raise _UnknownError(f"{node.sql()} is not understood")


_OPERATORS: dict[type[Node], Callable[[pc.Expression, pc.Expression], pc.Expression]] = {
    sql.EQ: operator.eq,
    sql.NEQ: operator.ne,
    sql.LT: operator.lt,
    sql.LTE: operator.le,
    sql.GT: operator.gt,
    sql.GTE: operator.ge,
    sql.And: operator.and_,
    sql.Or: operator.or_,
}


def _constant(node: Node) -> str | int | float:
    """A literal's value."""
    if isinstance(node, sql.Neg):
        value = _constant(node.this)
        if isinstance(value, str):
            raise _UnknownError(f"{node.sql()} is no number")
        return -value
    if not isinstance(node, sql.Literal):
        raise _UnknownError(f"{node.sql()} is no constant")
    if node.is_string:
        return str(node.this)
    return int(node.this) if node.is_int else float(node.this)


def _complaint(error: Exception) -> str:
    """One line, without the class names and the terminal colours of sqlglot."""
    if isinstance(error, ParseError) and error.errors:
        first = error.errors[0]
        return f"not understood at {first['highlight']}, column {first['col']}"
    return str(error).partition("\n")[0].partition("\x1b")[0].strip().rstrip(".:")
