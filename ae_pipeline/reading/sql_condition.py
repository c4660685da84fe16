"""Turn the text of a condition in SQL into an expression of Arrow.

Comparisons, `and`, `or`, `not`, `in`, `between`, `like` and `is` are understood, on columns and
literals. As in SQL, what is compared with null is neither true nor false.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import reduce
from typing import Any, TypeAlias  # Any: Arrow's operators take expressions and scalars

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import types
from sqlglot import expressions as sql
from sqlglot.dialects import Dialect
from sqlglot.errors import ErrorLevel, SqlglotError

from ae_pipeline.errors import ConfigError, listing

Node: TypeAlias = sql.Expr
_COMPARISONS: dict[type[Node], Callable[[Any, Any], pc.Expression]] = {
    sql.EQ: operator.eq,
    sql.NEQ: operator.ne,
    sql.LT: operator.lt,
    sql.LTE: operator.le,
    sql.GT: operator.gt,
    sql.GTE: operator.ge,
}
#: Types that a literal may be cast to.
_CASTS: dict[str, pa.DataType] = {
    "date": pa.date32(),
    "timestamp": pa.timestamp("us"),
    "datetime": pa.timestamp("us"),
    "timestamptz": pa.timestamp("us", "UTC"),
}


class _UnknownError(Exception):
    """A part of a condition is not understood; the message names it."""


def parsed(text: str, schema: pa.Schema) -> pc.Expression:
    """Parse a condition; `ConfigError` if it is not understood.

    Args:
        text: such as `fare > 10 and city = 'Oslo'`.
        schema: of the dataset.
    """
    try:
        found = Dialect.get_or_raise("duckdb").parse_into(sql.Condition, text)
        if len(found) != 1 or found[0] is None:
            raise _UnknownError("it is empty, or more than one condition")
        return _Translator(schema).condition(found[0])
    except (SqlglotError, RecursionError, _UnknownError, pa.ArrowException) as error:
        told = error if isinstance(error, _UnknownError) else str(error).splitlines()[0]
        raise ConfigError(
            "the condition is not understood",
            where=text,
            expected=f"comparisons of {listing(schema.names)}",
            got=str(told),
        ) from None


@dataclass(frozen=True)
class _Translator:
    """Turns nodes of a syntax tree into expressions.

    Args:
        schema: of the dataset.
    """

    schema: pa.Schema

    def condition(self, node: Node) -> pc.Expression:
        """Translate what is true, false or null."""
        if type(node) in _COMPARISONS:
            return self._comparison(_COMPARISONS[type(node)], node.this, node.expression)
        translate = self._conditions().get(type(node))
        if translate is not None:
            return translate(node)
        if isinstance(node, sql.Column):
            field = self._field(node)
            if types.is_boolean(field.type):
                return pc.field(field.name)
        raise _unknown(node)

    def _conditions(self) -> dict[type[Node], Callable[[Node], pc.Expression]]:
        return {
            sql.Paren: lambda node: self.condition(node.this),
            sql.Not: lambda node: ~self.condition(node.this),
            sql.And: lambda node: reduce(operator.and_, map(self.condition, node.flatten())),
            sql.Or: lambda node: reduce(operator.or_, map(self.condition, node.flatten())),
            sql.Boolean: lambda node: pc.scalar(bool(node.this)),
            sql.Between: self._between,
            sql.In: self._in,
            sql.Is: self._is,
            sql.Like: self._like,
            sql.ILike: self._like,
        }

    def _comparison(
        self, compare: Callable[[Any, Any], pc.Expression], left: Node, right: Node
    ) -> pc.Expression:
        kind = self._type_of(left) or self._type_of(right)
        if kind is None:
            raise _UnknownError("a comparison without a column")
        return compare(self._operand(left, kind), self._operand(right, kind))

    def _between(self, node: Node) -> pc.Expression:
        low = self._comparison(operator.ge, node.this, node.args["low"])
        return low & self._comparison(operator.le, node.this, node.args["high"])

    def _in(self, node: Node) -> pc.Expression:
        if not node.expressions:
            raise _unknown(node)
        # Equalities are null where the value is, as in SQL.
        return reduce(
            operator.or_,
            (self._comparison(operator.eq, node.this, item) for item in node.expressions),
        )

    def _is(self, node: Node) -> pc.Expression:
        if isinstance(node.expression, sql.Null):
            return pc.field(self._field(node.this).name).is_null()
        if not isinstance(node.expression, sql.Boolean):
            raise _unknown(node)
        truth = self.condition(node.this)
        return pc.coalesce(truth if node.expression.this else ~truth, pc.scalar(False))

    def _like(self, node: Node) -> pc.Expression:
        pattern = node.expression
        if not (isinstance(pattern, sql.Literal) and pattern.is_string):
            raise _unknown(node)
        field = self._field(node.this)
        text = pc.field(field.name)
        if types.is_dictionary(field.type):
            text = text.cast(field.type.value_type)
        found = pc.match_like(text, pattern.this, ignore_case=isinstance(node, sql.ILike))
        return ~found if node.args.get("negate") else found

    def _type_of(self, node: Node) -> pa.DataType | None:
        """Return the type of a column; None of a literal."""
        while isinstance(node, sql.Paren):
            node = node.this
        return self._field(node).type if isinstance(node, sql.Column) else None

    def _operand(self, node: Node, kind: pa.DataType) -> pc.Expression | pa.Scalar:
        while isinstance(node, sql.Paren):
            node = node.this
        if isinstance(node, sql.Column):
            return pc.field(self._field(node).name)
        if isinstance(node, sql.Cast):
            return _moment(node)
        return _literal(node, kind.value_type if types.is_dictionary(kind) else kind)

    def _field(self, node: Node) -> pa.Field:
        """Find a column by name; case matters only if two differ in nothing else."""
        while isinstance(node, sql.Paren):
            node = node.this
        if not isinstance(node, sql.Column):
            raise _unknown(node)
        name = ".".join(part.name for part in node.parts)
        names = self.schema.names
        alike = [name] if name in names else [one for one in names if _same(one, name)]
        if len(alike) != 1:
            told = f"{name} may be {' or '.join(alike)}" if alike else f"there is no column {name}"
            raise _UnknownError(told)
        return self.schema.field(alike[0])


def _same(one: str, other: str) -> bool:
    return one.casefold() == other.casefold()


def _moment(node: Node) -> pa.Scalar:
    """Translate `DATE '2024-05-17'` and `TIMESTAMP '2024-05-17 06:30'`."""
    kind = _CASTS.get(node.args["to"].this.value.lower())
    if kind is None or not (isinstance(node.this, sql.Literal) and node.this.is_string):
        raise _unknown(node)
    return pa.scalar(node.this.this).cast(kind)


def _literal(node: Node, kind: pa.DataType) -> pa.Scalar:
    """Translate a literal to the type of the column that it is compared with."""
    sign = 1
    while isinstance(node, sql.Neg | sql.Paren):
        sign, node = sign * (-1 if isinstance(node, sql.Neg) else 1), node.this
    if isinstance(node, sql.Null):
        return pa.scalar(None, kind)
    if isinstance(node, sql.Boolean):
        return pa.scalar(bool(node.this))
    if not isinstance(node, sql.Literal) or (node.is_string and sign < 0):
        raise _unknown(node)
    if node.is_string:
        text = pa.scalar(node.this)
        return text if types.is_string(kind) else text.cast(kind)
    if types.is_string(kind) or types.is_large_string(kind):
        raise _UnknownError(f"{node.this} is compared with text: write '{node.this}'")
    number = sign * Decimal(node.this)
    if types.is_decimal(kind):
        return pa.scalar(number)
    is_whole = number == number.to_integral_value() and abs(number) < 1 << 63
    return pa.scalar(int(number) if is_whole else float(number))


def _unknown(node: Node) -> _UnknownError:
    name = node.sql(unsupported_level=ErrorLevel.IGNORE)
    return _UnknownError(f"{name} is not understood here")
