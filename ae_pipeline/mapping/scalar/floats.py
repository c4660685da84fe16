"""The mapping of floats: numbers on a scale, and what they lack to the bit."""

from __future__ import annotations

from collections.abc import Mapping as Dictionary
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar  # Any: JSON trees

import numpy as np
import pyarrow as pa

from ae_pipeline.coding.entropy import pack_numbers
from ae_pipeline.mapping.exceptions import Rows
from ae_pipeline.mapping.leaf import Leaf
from ae_pipeline.mapping.raw import from_raw, to_raw
from ae_pipeline.mapping.scalar.affine import Affine
from ae_pipeline.mapping.scalar.bit_order import Floats, float_kind, raw_of
from ae_pipeline.mapping.scalar.repairs import repaired, repairs_of
from ae_pipeline.mapping.scalar.scales import RankScale, Scale
from ae_pipeline.mapping.scalar.specials import ORDINARY, UNUSUAL, categories_of, put_specials
from ae_pipeline.mapping.subcolumn import Integers, SubColumn


@dataclass(frozen=True)
class FloatMapping(Leaf):
    """A value is a number of a scale, counted in steps.

    Args:
        n_bits: width of the floats that are on the scale; wider ones hold them exactly.
        has_specials: whether a sub-column `NAME!` says which values are NaN, infinite or -0.0.
        has_repairs: whether a sub-column `NAME~` says how many floats off the scale values are,
            or which other rule puts them there.
        scale: numbers of the values.
        affine: offset and step of these numbers.
    """

    n_bits: int
    has_specials: bool
    has_repairs: bool
    scale: Scale
    affine: Affine

    kind: ClassVar[str] = "float"

    @property
    def own(self) -> tuple[SubColumn, ...]:
        """Specials, the number, and its distance in floats."""
        parent = (self._specials, (ORDINARY,)) if self.has_specials else (None, ())
        number = SubColumn(
            name=self.column,
            column=self.column,
            role="number",
            family=self.scale.family,
            offset=self.affine.offset,
            step=self.affine.step,
            places=self.scale.n_places,
            parent=parent[0],
            allowed=parent[1],
        )
        found = [number]
        if self.has_specials:
            found.insert(0, SubColumn(self._specials, self.column, "category"))
        if self.has_repairs:
            repairs = SubColumn(
                name=self._repairs,
                column=self.column,
                role="category",
                parent=parent[0],
                allowed=parent[1],
            )
            found.append(repairs)
        return tuple(found)

    def to_integers(self, present: pa.Array) -> tuple[dict[str, Integers], Rows | None]:
        """Find values on the scale; specials without a sub-column are exceptions."""
        wide = to_raw(present).view(float_kind(present.type.bit_width))
        categories = categories_of(wide)
        if categories is None:
            integers, is_exception = self._ordinary_to_integers(wide)
            if self.has_specials:
                integers[self._specials] = np.zeros(len(wide), np.int64)
            return integers, is_exception
        is_special = categories != ORDINARY
        ordinary = np.where(is_special, wide.dtype.type(0), wide)
        integers, is_off = self._ordinary_to_integers(ordinary)
        if not self.has_specials:
            return integers, is_off | is_special
        integers[self._specials] = categories
        return integers, (is_off & ~is_special) | (categories == UNUSUAL)

    def from_integers(self, integers: Dictionary[str, Integers]) -> pa.Array:
        """Invert `to_integers`; ValueError for integers that it does not return."""
        numbers = self.affine.from_steps(integers[self.column])
        values = self.scale.value_of(numbers, float_kind(self.n_bits))
        if self.has_repairs:
            values = repaired(self.scale, numbers, values, integers[self._repairs])
        wide = values.astype(float_kind(self.type.bit_width), copy=False)
        if self.has_specials:
            wide = put_specials(wide, integers[self._specials])
        return from_raw(raw_of(wide), self.type)

    def to_json(self) -> dict[str, Any]:
        """Write the settings, and how many values the table has."""
        return {
            "has_nulls": self.has_nulls,
            "n_bits": self.n_bits,
            "has_specials": self.has_specials,
            "has_repairs": self.has_repairs,
            **self.scale.to_json(),
            **self.affine.to_json(),
        }

    @cached_property
    def tables(self) -> tuple[bytes, ...]:
        """The table of a rank scale."""
        return (pack_numbers(self.scale.table),) if isinstance(self.scale, RankScale) else ()

    @property
    def _specials(self) -> str:
        return f"{self.column}!"

    @property
    def _repairs(self) -> str:
        return f"{self.column}~"

    def _ordinary_to_integers(self, wide: Floats) -> tuple[dict[str, Integers], Rows]:
        with np.errstate(over="ignore"):
            values = wide.astype(float_kind(self.n_bits), copy=False)
        steps, _ = self.affine.to_steps(self.scale.nearest(values))
        numbers = self.affine.from_steps(steps)
        reached = self.scale.value_of(numbers, values.dtype)
        if not self.has_repairs:
            return {self.column: steps}, reached != wide
        repairs = repairs_of(self.scale, numbers, reached, values)
        is_exception = (repairs < 0) | (values != wide)
        return {self.column: steps, self._repairs: np.maximum(repairs, 0)}, is_exception
