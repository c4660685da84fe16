"""Evaluate a predicate's syntax tree for every fragment at once.

Only comparisons, `and`, `or`, `not`, `in`, `between`, `like` and `is` are evaluated. A predicate
can neither read files nor call functions.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import TypeAlias

from sqlglot import expressions as sql
from sqlglot.errors import ErrorLevel

from ae_pipeline.dataset import Key
from ae_pipeline.selection.comparison import Compare, compare, contained
from ae_pipeline.selection.like import like
from ae_pipeline.selection.operand import Operand, moment, number
from ae_pipeline.selection.truths import Truths, both, either, negated

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


class UnknownError(Exception):
    """A predicate has a part that is not evaluated here; the message names it."""


@dataclass(frozen=True)
class Evaluator:
    """Turns nodes of a syntax tree into truths and operands.

    Args:
        keys: the columns that a predicate may name.
        n_fragments: number of values in each.
    """

    keys: Mapping[str, Key]
    n_fragments: int

    def truths(self, node: Node) -> Truths:
        """Evaluate a condition.

        Raises:
            UnknownError: a part of it is not understood, or names no key.
            MismatchError: it compares values that cannot be compared.
        """
        if type(node) in _COMPARISONS:
            sides = self._operand(node.this), self._operand(node.expression)
            return compare(_COMPARISONS[type(node)], *sides)
        evaluate = self._conditions().get(type(node))
        return self._operand(node).truths() if evaluate is None else evaluate(node)

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
        """Evaluate a key, a literal, or a condition that is used as a value."""
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
        """Find a key by name; as in SQL, case matters only if two keys differ in nothing else."""
        name = node.name
        if node.args.get("table") is not None:
            raise UnknownError(f'there is no {node.sql()}; write a name with a dot as "a.b"')
        alike = [name] if name in self.keys else _alike(name, self.keys)
        if len(alike) > 1:
            raise UnknownError(f"{name} may be {' or '.join(alike)}")
        if not alike:
            raise UnknownError(f"there is no key {name}")
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
        """`like` and `ilike`, with or without `escape`; a node's `negate` stands for `not`."""
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


def _unknown(node: Node) -> UnknownError:
    """Refuse a function or an operator by its name."""
    if isinstance(node, sql.Anonymous):
        name = f"the function {node.name}"
    elif isinstance(node, sql.Func) and not isinstance(node, sql.Cast):
        name = f"the function {node.sql_name().lower()}"
    else:
        name = node.sql(unsupported_level=ErrorLevel.IGNORE)
    return UnknownError(f"{name} is not understood{_HINTS.get(type(node), '')}")
