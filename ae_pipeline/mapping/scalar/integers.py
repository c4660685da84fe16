"""Mappings of booleans, integers, times and decimals."""

from __future__ import annotations

from collections.abc import Mapping as Dictionary
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar  # Any: JSON trees

import numpy as np
import pyarrow as pa
from pyarrow import types

from ae_pipeline.mapping.base import Mapping
from ae_pipeline.mapping.checked import boolean_of
from ae_pipeline.mapping.exceptions import MOST_EXCEPTIONS, Rows
from ae_pipeline.mapping.leaf import Leaf
from ae_pipeline.mapping.scalar.affine import Affine, affine_of_json, fit_affine
from ae_pipeline.mapping.scalar.unscaled import (
    from_int64,
    is_unscaled,
    natural_steps,
    places_of,
    seconds_scale,
    to_int64,
)
from ae_pipeline.mapping.scalar.wide import fit_wide
from ae_pipeline.mapping.subcolumn import Integers, SubColumn

_MINUTES_PER_HOUR, _LAST_MINUTE = 60, 1440
_LAST_CLOCK = 2400
#: Fewer distinct numbers are no clock, but numbers that look like one by chance.
_LEAST_CLOCKS = 200


@dataclass(frozen=True)
class IntegerMapping(Leaf):
    """A value is an integer, counted from the least in steps that they share.

    Args:
        affine: offset and step, in units of the type.
    """

    affine: Affine

    kind: ClassVar[str] = "integer"

    @property
    def own(self) -> tuple[SubColumn, ...]:
        """One number; two values without an order of a boolean."""
        ticks, scale = seconds_scale(self.type)
        one = SubColumn(
            name=self.column,
            column=self.column,
            role="category" if types.is_boolean(self.type) else "number",
            family="time" if ticks else "number",
            offset=self.affine.offset * scale,
            step=self.affine.step * scale,
            places=places_of(self.type),
            ticks=ticks,
        )
        return (one,)

    def to_integers(self, present: pa.Array) -> tuple[dict[str, Integers], Rows | None]:
        """Count steps; values between two steps, or of more than 64 bits, are exceptions."""
        integers, is_wide = to_int64(present)
        steps, is_between = self.affine.to_steps(integers)
        return {self.column: steps}, either(is_wide, is_between)

    def from_integers(self, integers: Dictionary[str, Integers]) -> pa.Array:
        """Invert `to_integers`; ValueError if a value does not fit the type."""
        return from_int64(self.affine.from_steps(integers[self.column]), self.type)

    def to_json(self) -> dict[str, Any]:
        """Write offset and step."""
        return {"has_nulls": self.has_nulls, **self.affine.to_json()}


@dataclass(frozen=True)
class ClockMapping(Leaf):
    """A value is an hour and a minute written as the number HHMM; 2400 ends the day."""

    kind: ClassVar[str] = "clock"

    @property
    def own(self) -> tuple[SubColumn, ...]:
        """Minutes of the day."""
        name = self.column
        one = SubColumn(name, name, "number", family="clock", period=_LAST_MINUTE)
        return (one,)

    def to_integers(self, present: pa.Array) -> tuple[dict[str, Integers], Rows | None]:
        """Count minutes; numbers that are no such time are exceptions."""
        clocks, _ = to_int64(present)
        hours, minutes = np.divmod(clocks, 100)
        is_other = ~_is_clock(clocks)
        steps = hours * _MINUTES_PER_HOUR + minutes
        return {self.column: steps}, is_other if is_other.any() else None

    def from_integers(self, integers: Dictionary[str, Integers]) -> pa.Array:
        """Invert `to_integers`; ValueError if there is no such minute."""
        steps = integers[self.column]
        if len(steps) and (steps.min() < 0 or steps.max() > _LAST_MINUTE):
            raise ValueError("no minute of a day")
        hours, minutes = np.divmod(steps, _MINUTES_PER_HOUR)
        return from_int64(hours * 100 + minutes, self.type)


def fit_integers(column: str, sample: pa.Array, share: float) -> Mapping:
    """Fit the mapping of a column whose type `is_unscaled`."""
    present = sample.drop_null()
    has_nulls = sample.null_count > 0
    integers, is_wide = to_int64(present)
    if is_wide is not None and is_wide.mean() > MOST_EXCEPTIONS:
        return fit_wide(column, sample)
    integers = integers if is_wide is None else integers[~is_wide]
    if types.is_integer(sample.type) and _are_clocks(integers):
        return ClockMapping(column, sample.type, has_nulls)
    if types.is_uint64(sample.type):
        integers = integers.view(np.uint64)
    affine = fit_affine(integers, natural_steps(sample.type))
    return IntegerMapping(column, sample.type, has_nulls, affine)


def integers_of_json(
    tree: Dictionary[str, Any], column: str, kind: pa.DataType, tables: Sequence[bytes]
) -> Mapping:
    """Read an `IntegerMapping`; ValueError, KeyError or TypeError if damaged."""
    if not is_unscaled(kind):
        raise ValueError(f"no integers in a column of type {kind}")
    return IntegerMapping(column, kind, boolean_of(tree, "has_nulls"), affine_of_json(tree))


def clock_of_json(
    tree: Dictionary[str, Any], column: str, kind: pa.DataType, tables: Sequence[bytes]
) -> Mapping:
    """Read a `ClockMapping`; ValueError, KeyError or TypeError if damaged."""
    if not types.is_integer(kind):
        raise ValueError(f"no clock of type {kind}")
    return ClockMapping(column, kind, boolean_of(tree, "has_nulls"))


def either(first: Rows | None, second: Rows | None) -> Rows | None:
    """Return the rows of either set; None is no row."""
    if first is None or second is None:
        return second if first is None else first
    return first | second


def _is_clock(integers: Integers) -> Rows:
    return (integers >= 0) & (integers <= _LAST_CLOCK) & (integers % 100 < _MINUTES_PER_HOUR)


def _are_clocks(integers: Integers) -> bool:
    if len(integers) <= _LEAST_CLOCKS or not _is_clock(integers).all():
        return False
    return len(np.unique(integers)) > _LEAST_CLOCKS and int(integers.max()) > 600
