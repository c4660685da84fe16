"""The grids that values are rounded to: values ↔ units, whose whole numbers are cells.

A grid is a monotone map, so that neighbouring cells hold neighbouring values. Units become values
again by sums, products, quotients and powers of two in float64 alone: the same bits everywhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, TypeAlias

import numpy as np
from jaxtyping import Float64

from ae_pipeline.coding.promise import decade_of, power_of_ten

#: Larger units have no fractional bits to round.
LARGEST_UNIT = float(1 << 51)
MOST_PLACES = 22
MOST_SIGNIFICAND = 10**14
MOST_EXPONENT = 1100

Values = Float64[np.ndarray, "rows"]


@dataclass(frozen=True)
class LinearGrid:
    """Equal cells, `offset + 2 * tolerance * integer`; none if the tolerance is 0."""

    offset: float
    tolerance: float

    @property
    def cell(self) -> float:
        """Width of a cell in source units; 0 without cells."""
        return 2.0 * self.tolerance

    @property
    def has_cells(self) -> bool:
        """Whether values are rounded at all."""
        return self.tolerance > 0

    def to_units(self, values: Values) -> Values:
        """Convert source units to cells; NaN for values that are not finite or too far out."""
        with np.errstate(over="ignore", invalid="ignore"):
            return _known((values - self.offset) / (2.0 * self.tolerance))

    def from_units(self, units: Values) -> Values:
        """Invert `to_units`, in float64."""
        with np.errstate(over="ignore", invalid="ignore"):
            scaled = units * (2.0 * self.tolerance)
            return scaled + self.offset


@dataclass(frozen=True)
class DecimalGrid:
    """Decimal numbers, `integer / 10 ** places`, counted from `offset`.

    Decimals come back as the floats nearest to them, which print as these decimals.

    Args:
        places: digits after the point; negative ones round to tens, hundreds and so on.
        offset: position of cell 0, in source units.
    """

    places: int
    offset: float

    has_cells: ClassVar[bool] = True

    @property
    def cell(self) -> float:
        """Width of a cell in source units."""
        return float(f"1e{-self.places}")

    def to_units(self, values: Values) -> Values:
        """Convert source units to cells; NaN for values that are not finite or too far out."""
        with np.errstate(over="ignore", invalid="ignore"):
            return _known(self._scaled(values) - self._origin)

    def from_units(self, units: Values) -> Values:
        """Invert `to_units`, to the floats nearest to the decimals."""
        with np.errstate(over="ignore", invalid="ignore"):
            whole = np.rint(units + self._origin)
            return whole / self._power if self.places >= 0 else whole * self._power

    @property
    def _origin(self) -> float:
        """The whole number of cell 0."""
        return float(np.rint(self._scaled(np.array([self.offset])))[0])

    @property
    def _power(self) -> float:
        """A power of ten of at least 1, because float64 does not hold the negative ones exactly."""
        return float(f"1e{abs(self.places)}")

    def _scaled(self, values: Values) -> Values:
        return values * self._power if self.places >= 0 else values / self._power


@dataclass(frozen=True)
class FloatingGrid:
    """Floating-point numbers of few digits: `sign * m * base ** e / significand`.

    m is a whole number from `significand` to `base * significand`. Cells are counted away from
    zero, which is cell 0; a value closer to zero than the least number has no cell.

    Args:
        base: 2 or 10.
        significand: the least m; a power of ten in base 10.
        exponent: the least e.
    """

    base: int
    significand: int
    exponent: int

    offset: ClassVar[float] = 0.0
    cell: ClassVar[float] = 0.0  # cells differ in width
    has_cells: ClassVar[bool] = True

    def to_units(self, values: Values) -> Values:
        """Convert source units to cells; NaN if not finite, too far out or too small."""
        magnitude = np.abs(values)
        exponents, fractions = self._split(magnitude)
        steps = (exponents - self.exponent) * float(self._per_exponent)
        units = steps + (fractions - self.significand) + 1.0
        is_known = np.isfinite(magnitude) & (exponents >= self.exponent)
        units = np.where(is_known, np.sign(values) * units, np.nan)
        return _known(np.where(magnitude == 0, 0.0, units))

    def from_units(self, units: Values) -> Values:
        """Invert `to_units` for whole units, in float64."""
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
        """Return e and m, as real numbers."""
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
        """Return the powers of ten of the last digit."""
        return exponents - (len(str(self.significand)) - 1)


Grid: TypeAlias = LinearGrid | DecimalGrid | FloatingGrid


def _known(units: Values) -> Values:
    return np.where(np.abs(units) < LARGEST_UNIT, units, np.nan)
