"""The grids that values are rounded to: values ↔ units, of which whole numbers are cells.

A grid is a monotone map, so that neighbouring cells hold neighbouring values. Units come back as
values by sums, products, quotients and powers of two of float64 alone: the same bits everywhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, TypeAlias

import numpy as np
from jaxtyping import Float64

from ae_pipeline.coding.promise import decade_of, power_of_ten

#: Beyond, units have no fractional bits to round.
LARGEST_UNIT = float(1 << 51)
MOST_PLACES = 22
MOST_SIGNIFICAND = 10**14
MOST_EXPONENT = 1100

Values = Float64[np.ndarray, "rows"]


@dataclass(frozen=True)
class LinearGrid:
    """`offset + 2 * tolerance * integer`; no grid at all if the tolerance is 0."""

    offset: float
    tolerance: float

    @property
    def cell(self) -> float:
        """Width of a cell in source units; 0 without cells."""
        return 2.0 * self.tolerance

    @property
    def has_cells(self) -> bool:
        """Whether values are rounded to it."""
        return self.tolerance > 0

    def to_units(self, values: Values) -> Values:
        """Source units to cells; what is not finite or too far out becomes NaN."""
        with np.errstate(over="ignore", invalid="ignore"):
            return _known((values - self.offset) / (2.0 * self.tolerance))

    def from_units(self, units: Values) -> Values:
        """Inverse of `to_units`, in float64."""
        with np.errstate(over="ignore", invalid="ignore"):
            scaled = units * (2.0 * self.tolerance)
            return scaled + self.offset


@dataclass(frozen=True)
class DecimalGrid:
    """Decimal numbers of so many places: `integer / 10 ** places`, counted from `offset`.

    Decimals come back as the floats nearest to them, which is what reads as these decimals.

    Args:
        places: digits after the point; negative ones round to tens, hundreds and so on.
        offset: where cell 0 is, in source units.
    """

    places: int
    offset: float

    has_cells: ClassVar[bool] = True

    @property
    def cell(self) -> float:
        """Width of a cell in source units."""
        return float(f"1e{-self.places}")

    def to_units(self, values: Values) -> Values:
        """Source units to cells; what is not finite or too far out becomes NaN."""
        with np.errstate(over="ignore", invalid="ignore"):
            return _known(self._scaled(values) - self._origin)

    def from_units(self, units: Values) -> Values:
        """Inverse of `to_units`: the decimals nearest to the units."""
        with np.errstate(over="ignore", invalid="ignore"):
            whole = np.rint(units + self._origin)
            return whole / self._power if self.places >= 0 else whole * self._power

    @property
    def _origin(self) -> float:
        """The whole number of cell 0."""
        return float(np.rint(self._scaled(np.array([self.offset])))[0])

    @property
    def _power(self) -> float:
        """A power of ten that float64 has exactly; the negative ones it has not."""
        return float(f"1e{abs(self.places)}")

    def _scaled(self, values: Values) -> Values:
        return values * self._power if self.places >= 0 else values / self._power


@dataclass(frozen=True)
class FloatingGrid:
    """Floating-point numbers of few digits: `sign * m * base ** e / significand`.

    m is a whole number from `significand` to `base * significand`. Cells are counted away from
    zero, which is cell 0; what is nearer to zero than the least number is none.

    Args:
        base: 2 or 10.
        significand: the least m; a power of ten in base 10.
        exponent: the least e.
    """

    base: int
    significand: int
    exponent: int

    offset: ClassVar[float] = 0.0
    cell: ClassVar[float] = 0.0  # of no width that all cells share
    has_cells: ClassVar[bool] = True

    def to_units(self, values: Values) -> Values:
        """Source units to cells; what is not finite, too far out or too small becomes NaN."""
        magnitude = np.abs(values)
        exponents, fractions = self._split(magnitude)
        steps = (exponents - self.exponent) * float(self._per_exponent)
        units = steps + (fractions - self.significand) + 1.0
        is_known = np.isfinite(magnitude) & (exponents >= self.exponent)
        units = np.where(is_known, np.sign(values) * units, np.nan)
        return _known(np.where(magnitude == 0, 0.0, units))

    def from_units(self, units: Values) -> Values:
        """Inverse of `to_units` of whole units, in float64."""
        places = np.maximum(np.abs(np.rint(units)) - 1.0, 0.0)
        steps = np.minimum(np.floor(places / self._per_exponent), 4.0 * MOST_EXPONENT)
        whole = places - steps * self._per_exponent + self.significand
        exponents = steps.astype(np.int64) + self.exponent
        with np.errstate(over="ignore", under="ignore"):
            magnitude = self._joined(whole, exponents)
        return np.where(np.rint(units) == 0, 0.0, np.sign(units) * magnitude)

    @property
    def _per_exponent(self) -> int:
        return (self.base - 1) * self.significand

    def _split(self, magnitude: Values) -> tuple[Values, Values]:
        """E and m, as real numbers."""
        if self.base == 2:
            fractions, exponents = np.frexp(np.nan_to_num(magnitude, posinf=0.0))
            return exponents - 1.0, fractions * (2.0 * self.significand)
        decades = decade_of(magnitude)
        unit = power_of_ten(np.abs(self._shift(decades)))
        with np.errstate(over="ignore", invalid="ignore"):
            scaled = np.where(self._shift(decades) >= 0, magnitude / unit, magnitude * unit)
        return decades.astype(np.float64), scaled

    def _joined(self, whole: Values, exponents: np.ndarray) -> Values:
        if self.base == 2:
            near = np.clip(exponents, -2 * MOST_EXPONENT, 2 * MOST_EXPONENT).astype(np.int32)
            return np.ldexp(whole / self.significand, near)
        shift = self._shift(exponents)
        unit = power_of_ten(np.abs(shift))
        return np.where(shift >= 0, whole * unit, whole / unit)

    def _shift(self, exponents: np.ndarray) -> np.ndarray:
        """Powers of ten of the last digit."""
        return exponents - (len(str(self.significand)) - 1)


Grid: TypeAlias = LinearGrid | DecimalGrid | FloatingGrid


def _known(units: Values) -> Values:
    return np.where(np.abs(units) < LARGEST_UNIT, units, np.nan)
