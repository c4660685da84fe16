"""Units and values of each grid."""

from __future__ import annotations

import numpy as np


def values_of(units: np.ndarray, feature: dict) -> np.ndarray:
    """Section 4.1, grids."""
    grid, offset = feature.get("grid"), feature["offset"]
    if grid is None:
        return units * (2 * feature["tolerance"]) + offset
    if grid["kind"] == "decimal":
        k = grid["places"]
        ten = float(f"1e{abs(k)}")
        origin = np.rint(offset * ten) if k >= 0 else np.rint(offset / ten)
        whole = np.rint(units + origin)
        return whole / ten if k >= 0 else whole * ten
    return np.array([_floating_value(int(unit), grid) for unit in np.rint(units)])


def _floating_value(unit: int, grid: dict) -> float:
    if unit == 0:
        return 0.0
    base, s = (2 if grid["kind"] == "relative" else 10), grid["significand"]
    q, rest = divmod(abs(unit) - 1, (base - 1) * s)
    e, m, sign = q + grid["exponent"], float(rest + s), np.sign(unit)
    if base == 2:
        return sign * np.ldexp(m / s, e)
    power = e - grid["digits"] + 1
    return sign * (m * float(f"1e{power}") if power >= 0 else m / float(f"1e{-power}"))


def unit_of(value: float, feature: dict) -> float:
    """Section 4.3."""
    grid, offset = feature.get("grid"), feature["offset"]
    if grid is None:
        return (value - offset) / (2 * feature["tolerance"])
    if grid["kind"] == "decimal":
        k = grid["places"]
        ten = float(f"1e{abs(k)}")
        if k >= 0:
            return value * ten - np.rint(offset * ten)
        return value / ten - np.rint(offset / ten)
    if value == 0 or not np.isfinite(value):
        return value
    s, e0 = grid["significand"], grid["exponent"]
    if grid["kind"] == "relative":
        fraction, exponent = np.frexp(abs(value))
        e, m, base = int(exponent) - 1, fraction * 2 * s, 2
    else:
        e, base = int(np.floor(np.log10(abs(value)))) + 1, 10
        while float(f"1e{e}") > abs(value):
            e -= 1
        power = e - grid["digits"] + 1
        ten = float(f"1e{abs(power)}")
        m = abs(value) / ten if power >= 0 else abs(value) * ten
    if e < e0:
        return np.nan
    return np.sign(value) * ((e - e0) * (base - 1) * s + (m - s) + 1)
