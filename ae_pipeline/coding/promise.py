"""How far a decoded value may be from its source: the same for all values, or relative to each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64, Shaped

#: The powers of ten in the range of float64 whose reciprocals are normal, each the nearest float.
POWERS_OF_TEN = np.array([float(f"1e{exponent}") for exponent in range(-307, 309)])
_ONE = 307


@dataclass(frozen=True)
class Promise:
    """At most one of the first three bounds is set; without any, every bit is promised.

    Args:
        absolute: largest error, in source units.
        relative: largest error as a share of the value's own magnitude; 0 stays 0.
        digits: significant decimal digits kept: the largest error is half a unit of the last
            digit, plus the rounding of the column's type.
        cosine: least cosine similarity of a vector and its source, beside an absolute bound for
            its numbers; 0 if none is promised.
    """

    absolute: float = 0.0
    relative: float = 0.0
    digits: int = 0
    cosine: float = 0.0

    @property
    def is_exact(self) -> bool:
        """Whether values come back bit for bit."""
        return not (self.absolute or self.relative or self.digits)

    def allowed(self, values: Shaped[np.ndarray, "*rows"]) -> Float64[np.ndarray, "*rows"]:
        """Return the largest error of each value, in source units; 0 where bits must be equal."""
        magnitude = np.abs(values.astype(np.float64))
        with np.errstate(over="ignore", invalid="ignore"):
            if self.relative:
                # The product is rounded; the float below it is not more than was promised.
                return np.nextafter(self.relative * magnitude, 0.0)
            if self.digits:
                return _half_units(magnitude, self.digits) + magnitude * _epsilon(values)
        return np.full(magnitude.shape, self.absolute)

    def __str__(self) -> str:
        if self.cosine:
            return f"cosine of at least {self.cosine:.7g} in each row"
        if self.relative:
            return f"within {100 * self.relative:.4g} % of each value"
        if self.digits:
            return f"{self.digits} significant digits"
        return f"within {self.absolute:.4g}" if self.absolute else "exact"


def decade_of(magnitude: Float64[np.ndarray, "*rows"]) -> Shaped[np.ndarray, "*rows"]:
    """Return the exponent of the power of ten at or below each magnitude; the least for 0, NaN."""
    known = np.nan_to_num(magnitude, nan=0.0, posinf=np.finfo(np.float64).max)
    place = np.searchsorted(POWERS_OF_TEN, known, side="right") - 1
    return np.maximum(place, 0) - _ONE


def power_of_ten(exponents: Shaped[np.ndarray, "*rows"]) -> Float64[np.ndarray, "*rows"]:
    """Return 10 to these powers, clipped to the range of float64."""
    return POWERS_OF_TEN[np.clip(exponents + _ONE, 0, len(POWERS_OF_TEN) - 1)]


def _half_units(
    magnitude: Float64[np.ndarray, "*rows"], digits: int
) -> Float64[np.ndarray, "*rows"]:
    """Return half a unit of the last digit kept; 0 for 0 and where the unit is too small."""
    exponents = decade_of(magnitude) - (digits - 1)
    has_unit = (magnitude > 0) & (exponents > -_ONE)
    return np.where(has_unit, 0.5 * power_of_ten(exponents), 0.0)


def _epsilon(values: Shaped[np.ndarray, "*rows"]) -> float:
    kind = values.dtype if values.dtype.kind == "f" else np.dtype(np.float64)
    return float(np.finfo(kind).eps)
