"""SQL predicates on partition keys → the fragments that they hold for.

sqlglot parses; only comparisons, `and`, `or`, `not`, `in`, `between`, `like` and `is` are
evaluated, here, so a predicate can neither read files nor call functions.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import TypeAlias

from sqlglot import expressions as sql
from sqlglot.dialects import Dialect
from sqlglot.errors import ErrorLevel, ParseError, SqlglotError

from ae_pipeline.dataset import Fragment, Key, partition_keys
from ae_pipeline.errors import ConfigError, listing
from ae_pipeline.selection.operand import (
    Compare,
    MismatchError,
    Operand,
    Truths,
    both,
    compare,
    contained,
    either,
    like,
    moment,
    negated,
    number,
    truths_of,
)

Node: TypeAlias = sql.Expr

_COMPARISONS: dict[type[Node], Compare] = {
    sql.EQ: operator.eq,
    sql.NEQ: operator.ne,
    sql.LT: operator.lt,
    sql.LTE: operator.le,
    sql.GT: operator.gt,
    sql.GTE: operator.ge,
}
_HINTS: dict[type[Node], str] = {
    sql.Sub: "; write dates as '2024-05-17', and a name with a dash as \"my-key\"",
}


def fragments_where(fragments: Sequence[Fragment], predicate: str) -> tuple[Fragment, ...]:
    """The fragments whose partition keys satisfy the predicate, in their order.

    Raises:
        ConfigError: it cannot be parsed, names no key, or compares what cannot be compared.
    """
    keys = partition_keys(fragments)
    try:
        truths = _Evaluator(keys, len(fragments)).truths(_parse(predicate))
    except (SqlglotError, MismatchError, _UnknownError, RecursionError) as error:
        raise ConfigError(
            "cannot evaluate the predicate",
            where="backfill.where",
            expected=f"comparisons of {listing(list(keys))}",
            got=f"{predicate} ({_complaint(error)})",
        ) from None
    return tuple(fragment for fragment, holds in zip(fragments, truths, strict=True) if holds)


class _UnknownError(Exception):
    """A part of a predicate that is not evaluated here."""


def _parse(predicate: str) -> Node:
    """The one condition that the text is; statements are none."""
    conditions = Dialect.get_or_raise(None).parse_into(sql.Condition, predicate)
    found = [one for one in conditions if one is not None]
    if len(found) != 1:
        raise _UnknownError("several conditions, join them by and" if found else "it is empty")
    return found[0]


@dataclass(frozen=True)
class _Evaluator:
    """A predicate's syntax tree → what is true of each fragment.

    Args:
        keys: columns that it may name.
        n_fragments: how many rows they have.
    """

    keys: Mapping[str, Key]
    n_fragments: int

    def truths(self, node: Node) -> Truths:
        """Of a node that is a condition."""
        if type(node) in _COMPARISONS:
            sides = self._operand(node.this), self._operand(node.expression)
            return compare(_COMPARISONS[type(node)], *sides)
        known = self._conditions().get(type(node))
        return truths_of(self._operand(node)) if known is None else known(node)

    def _conditions(self) -> dict[type[Node], Callable[[Node], Truths]]:
        return {
            sql.Paren: lambda node: self.truths(node.this),
            sql.Not: lambda node: negated(self.truths(node.this)),
            sql.And: lambda node: reduce(both, map(self.truths, node.flatten())),
            sql.Or: lambda node: reduce(either, map(self.truths, node.flatten())),
            sql.Between: self._between,
            sql.In: self._in,
            sql.Is: self._is,
            sql.NullSafeEQ: self._same,
            sql.NullSafeNEQ: lambda node: negated(self._same(node)),
            sql.Like: self._like,
            sql.ILike: self._like,
            sql.Escape: self._like,
        }

    def _operand(self, node: Node) -> Operand:
        """A key, a literal, or a condition whose truth is a value."""
        while isinstance(node, sql.Paren):
            node = node.this
        if isinstance(node, sql.Column):
            return self._key(node)
        if isinstance(node, sql.Cast):
            return self._moment(node)
        if isinstance(node, sql.Null):
            return Operand.constant("null", None, "null", self.n_fragments)
        if isinstance(node, sql.Boolean):
            text = str(bool(node.this)).lower()
            return Operand.constant("boolean", bool(node.this), text, self.n_fragments)
        if isinstance(node, sql.Literal | sql.Neg):
            return self._literal(node)
        if type(node) in _COMPARISONS or type(node) in self._conditions():
            truths = self.truths(node)
            return Operand("a condition", "boolean", truths, [str(one) for one in truths])
        raise _unknown(node)

    def _key(self, node: Node) -> Operand:
        """By its name; as in SQL, case matters only where two keys differ in nothing else."""
        name = node.name
        if node.args.get("table") is not None:
            raise _UnknownError(f'there is no {node.sql()}; write a name with a dot as "a.b"')
        alike = [name] if name in self.keys else _alike(name, self.keys)
        if len(alike) > 1:
            raise _UnknownError(f"{name} may be {' or '.join(alike)}")
        if not alike:
            raise _UnknownError(f"there is no key {name}")
        return Operand.of_key(self.keys[alike[0]])

    def _literal(self, node: Node) -> Operand:
        sign = ""
        while isinstance(node, sql.Neg | sql.Paren):
            sign = sign if isinstance(node, sql.Paren) else ("" if sign else "-")
            node = node.this
        if not isinstance(node, sql.Literal) or (sign and node.is_string):
            raise _unknown(node.parent or node)
        if node.is_string:
            return Operand.constant("text", node.this, node.this, self.n_fragments)
        text = f"{sign}{node.this}"
        return Operand.constant("number", number(text), text, self.n_fragments)

    def _moment(self, node: Node) -> Operand:
        """`DATE '2024-05-17'`, `TIMESTAMP '2024-05-17 06:30'`; other casts are refused."""
        if not (node.args["to"].is_type("date", "timestamp", "timestamptz", "datetime")):
            raise _unknown(node)
        if not (isinstance(node.this, sql.Literal) and node.this.is_string):
            raise _unknown(node)
        return Operand.constant("moment", moment(node.name), node.name, self.n_fragments)

    def _between(self, node: Node) -> Truths:
        if node.args.get("symmetric"):
            raise _unknown(node)
        value = self._operand(node.this)
        low, high = (self._operand(node.args[side]) for side in ("low", "high"))
        return both(compare(operator.ge, value, low), compare(operator.le, value, high))

    def _in(self, node: Node) -> Truths:
        if not node.expressions:
            raise _unknown(node)
        items = [self._operand(one) for one in node.expressions]
        return contained(self._operand(node.this), items)

    def _is(self, node: Node) -> Truths:
        """`is null`, `is true`, `is false`: never None."""
        if isinstance(node.expression, sql.Null):
            return [value is None for value in self._operand(node.this).values]
        if not isinstance(node.expression, sql.Boolean):
            raise _unknown(node)
        return [truth is bool(node.expression.this) for truth in self.truths(node.this)]

    def _same(self, node: Node) -> Truths:
        """`is not distinct from`: two nulls are the same."""
        left, right = self._operand(node.this), self._operand(node.expression)
        truths = compare(operator.eq, left, right)
        pairs = zip(truths, left.values, right.values, strict=True)
        return [one is None and other is None if it is None else it for it, one, other in pairs]

    def _like(self, node: Node) -> Truths:
        """With `escape` or without, with `not` or without: sqlglot keeps the latter in the node."""
        escape = ""
        if isinstance(node, sql.Escape):
            escape, node = node.expression.name, node.this
            if len(escape) != 1 or not isinstance(node, sql.Like | sql.ILike):
                raise _unknown(node.parent or node)
        value, pattern = self._operand(node.this), self._operand(node.expression)
        if pattern.kind == "null" or value.kind == "null":
            return [None] * self.n_fragments
        if pattern.kind != "text" or not pattern.is_constant:
            raise _unknown(node)
        truths = like(value, node.expression.name, escape, isinstance(node, sql.ILike))
        return negated(truths) if node.args.get("negate") else truths


def _alike(name: str, keys: Mapping[str, Key]) -> list[str]:
    return [key for key in keys if key.casefold() == name.casefold()]


def _unknown(node: Node) -> _UnknownError:
    """Functions and operators are refused by their names."""
    if isinstance(node, sql.Anonymous):
        name = f"the function {node.name}"
    elif isinstance(node, sql.Func) and not isinstance(node, sql.Cast):
        name = f"the function {node.sql_name().lower()}"
    else:
        name = node.sql(unsupported_level=ErrorLevel.IGNORE)
    return _UnknownError(f"{name} is not understood{_HINTS.get(type(node), '')}")


def _complaint(error: Exception) -> str:
    """One line, without the class names and the terminal colours of sqlglot."""
    if isinstance(error, RecursionError):
        return "nested too deeply"
    if isinstance(error, ParseError) and error.errors:
        first = error.errors[0]
        return f"not understood at {first['highlight']}, column {first['col']}"
    if isinstance(error, SqlglotError):
        return "not understood: is every quote closed?"
    return str(error)
