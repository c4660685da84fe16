"""Grid and promise of each column ↔ keys of a codec's JSON, `docs/format.md`, section 4.1."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any  # JSON trees

from ae_pipeline.codec.content import all_finite, finite, integer_of, not_negative, numbers_of
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


def quantizers_to_json(quantizers: Iterable[Quantizer]) -> list[dict[str, Any]]:
    """Write the keys of each feature, without those that are at their default."""
    return [_to_json(quantizer) for quantizer in quantizers]


def quantizers_from_json(features: Sequence[dict[str, Any]]) -> tuple[Quantizer, ...]:
    """Invert `quantizers_to_json`; KeyError, TypeError or ValueError if a feature is wrong."""
    offsets = numbers_of(features, "offset")
    tolerances = numbers_of(features, "tolerance", not_negative)
    return tuple(map(_from_json, features, offsets, tolerances))


def _to_json(quantizer: Quantizer) -> dict[str, Any]:
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
    if quantizer.promise.cosine:
        tree["cosine"] = quantizer.promise.cosine
    return tree


def _from_json(tree: dict[str, Any], offset: float, tolerance: float) -> Quantizer:
    fill_values: tuple[float, ...] = ()
    if "fill_values" in tree:
        fill_values = all_finite(tree["fill_values"], "fill_values")
    if len(fill_values) > _MOST_FILL_VALUES:
        raise ValueError(f"{len(fill_values)} fill values, at most {_MOST_FILL_VALUES}")
    ordinary = tree.get("ordinary")
    if ordinary is not None:
        low, high = all_finite(ordinary, "ordinary")
        ordinary = low, high
    grid, promise = _grid_from_json(tree.get("grid"), offset, tolerance)
    if "cosine" in tree:
        promise = replace(promise, cosine=_cosine_of(tree["cosine"], promise))
    return Quantizer(grid, promise, fill_values, ordinary, tree.get("whole") is True)


def _cosine_of(value: Any, promise: Promise) -> float:
    """Read the least cosine; ValueError if it is out of range, or beside another promise."""
    cosine = float(finite(value, "cosine"))
    if not (0 < cosine <= 1 and promise.absolute):
        raise ValueError(f"a cosine of {cosine} beside {promise}")
    return cosine


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
        places = integer_of(tree, "places", -MOST_PLACES, MOST_PLACES)
        return DecimalGrid(places, offset), Promise(tolerance)
    significand = integer_of(tree, "significand", 1, MOST_SIGNIFICAND)
    exponent = integer_of(tree, "exponent", -MOST_EXPONENT, MOST_EXPONENT)
    if tree["kind"] == "relative":
        relative = float(finite(tree["relative"], "relative"))
        if not 0 < relative <= 1:
            raise ValueError(f"a relative tolerance of {relative}, not above 0 and up to 1")
        return FloatingGrid(2, significand, exponent), Promise(relative=relative)
    if tree["kind"] == "digits":
        digits = integer_of(tree, "digits", 1, _MOST_DIGITS)
        if significand != 10 ** (digits - 1):
            raise ValueError(f"a significand of {significand} for {digits} digits")
        return FloatingGrid(10, significand, exponent), Promise(digits=digits)
    raise ValueError(f"a grid of kind {tree['kind']!r:.40}")
