"""Grid and promise of a column ↔ what `codec.json` says of them, `docs/format.md`, section 4.1."""

from __future__ import annotations

from math import isfinite
from typing import Any  # JSON trees

from ae_pipeline.coding import (
    MOST_EXPONENT,
    MOST_PLACES,
    MOST_SIGNIFICAND,
    DecimalGrid,
    FloatingGrid,
    Grid,
    LinearGrid,
    Promise,
    Quantizer,
)

_MOST_DIGITS = 15
_MOST_FILL_VALUES = 256


def quantizer_to_json(quantizer: Quantizer) -> dict[str, Any]:
    """Keys of a feature; those that say nothing are left out."""
    tree: dict[str, Any] = {
        "offset": float(quantizer.grid.offset),
        "tolerance": float(quantizer.promise.absolute),
    }
    if not isinstance(quantizer.grid, LinearGrid):
        tree["grid"] = _grid_to_json(quantizer.grid, quantizer.promise)
    if quantizer.fill_values:
        tree["fill_values"] = list(quantizer.fill_values)
    if quantizer.ordinary is not None:
        tree["ordinary"] = list(quantizer.ordinary)
    if quantizer.is_whole:
        tree["whole"] = True
    return tree


def quantizer_from_json(tree: dict[str, Any]) -> Quantizer:
    """Inverse of `quantizer_to_json`; KeyError, TypeError or ValueError if the tree is not one."""
    offset, tolerance = _number(tree["offset"]), _number(tree["tolerance"])
    if tolerance < 0:
        raise ValueError(f"a tolerance of {tolerance}")
    fill_values = tuple(map(_number, tree.get("fill_values", ())))
    if len(fill_values) > _MOST_FILL_VALUES:
        raise ValueError(f"{len(fill_values)} fill values")
    ordinary = tree.get("ordinary")
    if ordinary is not None:
        low, high = map(_number, ordinary)
        ordinary = low, high
    grid, promise = _grid_from_json(tree.get("grid"), offset, tolerance)
    return Quantizer(grid, promise, fill_values, ordinary, tree.get("whole") is True)


def _grid_to_json(grid: DecimalGrid | FloatingGrid, promise: Promise) -> dict[str, Any]:
    if isinstance(grid, DecimalGrid):
        return {"kind": "decimal", "places": grid.places}
    shape = {"significand": grid.significand, "exponent": grid.exponent}
    if grid.base == 2:
        return {"kind": "relative", "relative": promise.relative, **shape}
    return {"kind": "digits", "digits": promise.digits, **shape}


def _grid_from_json(
    tree: dict[str, Any] | None, offset: float, tolerance: float
) -> tuple[Grid, Promise]:
    if tree is None:
        return LinearGrid(offset, tolerance), Promise(tolerance)
    if tree["kind"] == "decimal":
        places = _whole(tree["places"], -MOST_PLACES, MOST_PLACES)
        return DecimalGrid(places, offset), Promise(tolerance)
    significand = _whole(tree["significand"], 1, MOST_SIGNIFICAND)
    exponent = _whole(tree["exponent"], -MOST_EXPONENT, MOST_EXPONENT)
    if tree["kind"] == "relative":
        relative = _number(tree["relative"])
        if not 0 < relative <= 1:
            raise ValueError(f"a relative tolerance of {relative}")
        return FloatingGrid(2, significand, exponent), Promise(relative=relative)
    if tree["kind"] == "digits":
        digits = _whole(tree["digits"], 1, _MOST_DIGITS)
        if significand != 10 ** (digits - 1):
            raise ValueError(f"a significand of {significand} for {digits} digits")
        return FloatingGrid(10, significand, exponent), Promise(digits=digits)
    raise ValueError(f"a grid of kind {tree['kind']!r:.40}")


def _number(value: object) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool) or not isfinite(value):
        raise ValueError(f"{value!r:.40} is not a finite number")
    return float(value)


def _whole(value: object, least: int, most: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise ValueError(f"{value!r:.40} is not a whole number from {least} to {most}")
    return value
