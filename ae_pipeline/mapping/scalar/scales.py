"""Scales: the integers at which the finite floats of a column lie.

`nearest` may return anything for a float off the scale: `value_of` of it is another float then,
which is how callers find out.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, ClassVar  # Any: JSON trees, and widths that are known at run time only

import numpy as np
from jaxtyping import Float

from ae_pipeline.mapping.scalar.bit_order import Floats, from_order, to_order
from ae_pipeline.mapping.scalar.rules import MOST_PLACES, POWERS_OF_TEN, RULES, Reals
from ae_pipeline.mapping.subcolumn import Family, Integers

MOST_DIGITS = 15
#: Of floats of 32 bits; with more, they print as they are.
MOST_SINGLE_DIGITS = 16
#: Powers of ten that floats of 32 bits have below them.
_LEAST_DECADE = 46
_DECADES = np.array([float(f"1e{power}") for power in range(-_LEAST_DECADE, 40)])
#: The upper 26 bits of powers of ten, and the rest.
_FRACTIONS, _EXPONENTS = np.frexp(POWERS_OF_TEN)
_UPPER = np.ldexp(np.floor(np.ldexp(_FRACTIONS, 26)), _EXPONENTS - 26)
_LOWER = POWERS_OF_TEN - _UPPER
#: Integers up to here are floats too.
_MOST_WHOLE = float(1 << 53)


class Scale(ABC):
    """A set of floats, numbered in their order."""

    kind: ClassVar[str]
    family: ClassVar[Family] = "number"

    @property
    def n_places(self) -> int:
        """Decimal places of the numbers."""
        return 0

    @abstractmethod
    def nearest(self, values: Floats) -> Integers:
        """Return the number of each finite value; that of another value if it is off the scale."""

    @abstractmethod
    def value_of(self, numbers: Integers, kind: np.dtype[Any]) -> Floats:
        """Invert `nearest`; ValueError for numbers beyond the scale."""

    @property
    def variants(self) -> tuple[Scale, ...]:
        """The same numbers by each of the `RULES`; none if there is no choice."""
        return ()

    @abstractmethod
    def to_json(self) -> dict[str, Any]:
        """Write the settings, without tables."""


@dataclass(frozen=True)
class DecimalScale(Scale):
    """Numbers of some decimal places.

    Args:
        places: digits after the point.
        rule: how they became floats.
    """

    places: int
    rule: str

    kind: ClassVar[str] = "decimal"

    @property
    def n_places(self) -> int:
        """The setting."""
        return self.places

    def nearest(self, values: Floats) -> Integers:
        """Round to whole units of the last place."""
        with np.errstate(over="ignore", invalid="ignore"):
            whole = np.rint(values.astype(np.float64) * POWERS_OF_TEN[self.places])
            return np.where(np.abs(whole) < _MOST_WHOLE, whole, 0.0).astype(np.int64)

    def value_of(self, numbers: Integers, kind: np.dtype[Any]) -> Floats:
        """Apply the rule."""
        with np.errstate(over="ignore"):
            return RULES[self.rule](numbers.astype(np.float64), self.places).astype(kind)

    @property
    def variants(self) -> tuple[Scale, ...]:
        """The same numbers by each of the rules."""
        return tuple(replace(self, rule=rule) for rule in RULES)

    def to_json(self) -> dict[str, Any]:
        """Write places and rule."""
        return {"scale": self.kind, "places": self.places, "rule": self.rule}


@dataclass(frozen=True)
class DigitScale(Scale):
    """Numbers of some significant digits, `sign * m * 10 ** (e + 1 - digits)`; 0 is number 0.

    Args:
        digits: of m.
        least: the least exponent e.
        rule: how decimals became floats.
    """

    digits: int
    least: int
    rule: str

    kind: ClassVar[str] = "digits"
    family: ClassVar[Family] = "digits"

    def nearest(self, values: Floats) -> Integers:
        """Round to the last digit."""
        magnitude = np.abs(values.astype(np.float64))
        exponents = decades_of(magnitude)
        whole = self._whole(magnitude, exponents)
        # Rounding may carry into another decade, as may the estimate of the decade.
        step = (whole >= 10 * self._first).astype(np.int64) - (whole < self._first)
        if step.any():
            exponents = exponents + step
            whole = self._whole(magnitude, exponents)
        numbers = (exponents - self.least) * (9 * self._first) + (whole - self._first) + 1
        is_known = (magnitude > 0) & (exponents >= self.least)
        return np.where(is_known, np.sign(values).astype(np.int64) * numbers, 0)

    def value_of(self, numbers: Integers, kind: np.dtype[Any]) -> Floats:
        """Apply the rule to m, whose places depend on e."""
        steps, rest = np.divmod(np.maximum(np.abs(numbers), 1) - 1, 9 * self._first)
        places = self._places(np.minimum(steps, 2 * MOST_PLACES) + self.least)
        whole = (rest + self._first).astype(np.float64)
        with np.errstate(over="ignore"):
            fractions = RULES[self.rule](whole, np.maximum(places, 0))
            large = whole * POWERS_OF_TEN[np.maximum(-places, 0)]
            magnitude = np.where(places >= 0, fractions, large)
            return (np.sign(numbers) * magnitude).astype(kind)

    @property
    def variants(self) -> tuple[Scale, ...]:
        """The same numbers by each of the rules."""
        return tuple(replace(self, rule=rule) for rule in RULES)

    def to_json(self) -> dict[str, Any]:
        """Write digits, exponent and rule."""
        return {
            "scale": self.kind,
            "digits": self.digits,
            "least": self.least,
            "rule": self.rule,
        }

    @property
    def _first(self) -> int:
        return int(10 ** (self.digits - 1))

    def _places(self, exponents: Integers) -> Integers:
        return np.clip(self.digits - 1 - exponents, -MOST_PLACES, MOST_PLACES)

    def _whole(self, magnitude: Reals, exponents: Integers) -> Integers:
        places = self._places(exponents)
        large = magnitude / POWERS_OF_TEN[np.maximum(-places, 0)]
        with np.errstate(over="ignore"):
            scaled = np.where(places >= 0, magnitude * POWERS_OF_TEN[np.maximum(places, 0)], large)
        return np.rint(np.minimum(scaled, _MOST_WHOLE)).astype(np.int64)


@dataclass(frozen=True)
class SingleScale(Scale):
    """Floats of 32 bits that were printed with some significant digits, and read again.

    Args:
        digits: that were printed.
        rule: how decimals became floats.
    """

    digits: int
    rule: str

    kind: ClassVar[str] = "single"
    family: ClassVar[Family] = "bits"

    def nearest(self, values: Floats) -> Integers:
        """Return the bits of the nearest float of 32 bits, in order."""
        with np.errstate(over="ignore", under="ignore"):
            return to_order(values.astype(np.float32))

    def value_of(self, numbers: Integers, kind: np.dtype[Any]) -> Floats:
        """Print and read; ValueError for more bits than floats have."""
        singles = from_order(numbers, np.dtype("<f4")).astype(np.float64)
        magnitude = np.abs(singles)
        places = np.clip(self.digits - 1 - _decades(magnitude), -MOST_PLACES, MOST_PLACES)
        whole = _scaled(magnitude, np.maximum(places, 0))
        with np.errstate(over="ignore", invalid="ignore"):
            fractions = RULES[self.rule](whole, np.maximum(places, 0))
            large = np.rint(magnitude / POWERS_OF_TEN[np.maximum(-places, 0)])
            large *= POWERS_OF_TEN[np.maximum(-places, 0)]
            read = np.where(places >= 0, fractions, large)
            return (np.sign(singles) * read).astype(kind)

    @property
    def variants(self) -> tuple[Scale, ...]:
        """The same numbers by each of the rules."""
        return tuple(replace(self, rule=rule) for rule in RULES)

    def to_json(self) -> dict[str, Any]:
        """Write digits and rule."""
        return {"scale": self.kind, "digits": self.digits, "rule": self.rule}


@dataclass(frozen=True, eq=False)
class RankScale(Scale):
    """The values of a table, ascending.

    Args:
        table: distinct finite values.
    """

    table: Float[np.ndarray, "ranks"]

    kind: ClassVar[str] = "rank"
    family: ClassVar[Family] = "rank"

    def nearest(self, values: Floats) -> Integers:
        """Look values up."""
        places = np.searchsorted(self.table, values)
        return np.minimum(places, max(len(self.table) - 1, 0)).astype(np.int64)

    def value_of(self, numbers: Integers, kind: np.dtype[Any]) -> Floats:
        """Take values from the table."""
        if len(numbers) and (numbers.min() < 0 or numbers.max() >= len(self.table)):
            raise ValueError(f"a rank is outside the table of {len(self.table)} values")
        return self.table[numbers].astype(kind)

    def to_json(self) -> dict[str, Any]:
        """Write the size of the table."""
        return {"scale": self.kind, "n_values": len(self.table)}

    @cached_property
    def _key(self) -> tuple[str, bytes]:
        return str(self.table.dtype), self.table.tobytes()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RankScale) and self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)


@dataclass(frozen=True)
class BitScale(Scale):
    """All floats, by their bits."""

    kind: ClassVar[str] = "bits"
    family: ClassVar[Family] = "bits"

    def nearest(self, values: Floats) -> Integers:
        """Return the bits, in order."""
        return to_order(values)

    def value_of(self, numbers: Integers, kind: np.dtype[Any]) -> Floats:
        """Invert `nearest`; ValueError for more bits than floats have."""
        return from_order(numbers, kind)

    def to_json(self) -> dict[str, Any]:
        """Write the name alone."""
        return {"scale": self.kind}


def _decades(magnitude: Reals) -> Integers:
    """Return the largest power of ten that is not above, from a table: the same everywhere."""
    return np.searchsorted(_DECADES, magnitude, side="right").astype(np.int64) - 1 - _LEAST_DECADE


def _scaled(magnitude: Reals, places: Integers) -> Reals:
    """Return the nearest whole number to `magnitude * 10 ** places`.

    Both halves of a power up to 10^22 times 24 bits are exact, so their sum is rounded once.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        high, low = magnitude * _UPPER[places], magnitude * _LOWER[places]
        whole = np.rint(high)
        return whole + np.rint((high - whole) + low)


def decades_of(magnitude: Reals) -> Integers:
    """Estimate floor(log10); 0 for zero. One beside it at the bounds of decades."""
    with np.errstate(divide="ignore"):
        exponents = np.floor(np.log10(magnitude))
    return np.where(magnitude > 0, exponents, 0.0).astype(np.int64)
