"""Numbers of a codec's JSON, each of its type and within what a writer may have written.

A codec's id is right in a forged codec, too, so it says nothing of them; and a few digits of
`encoder_bits` can ask for gigabytes.
"""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Mapping
from typing import Any, get_args  # Any: JSON trees

from ae_pipeline.codec.arrays_file import MOST_WEIGHTS
from ae_pipeline.coding import Architecture
from ae_pipeline.config.network import Activation, Design

#: Hidden layers of one side.
_MOST_LAYERS = 1 << 10


def parse_json(text: str) -> Any:
    """As `json.loads`; ValueError of NaN and infinities, which JSON does not have."""
    return json.loads(text, parse_constant=_refuse_constant)


def integer_of(tree: Mapping[str, Any], key: str, least: int, most: int) -> int:
    """A whole number; ValueError if it is another type or out of range."""
    value = tree[key]
    if type(value) is not int or not least <= value <= most:
        raise ValueError(f"{key} is {_brief(value)}, not a whole number from {least} to {most}")
    return value


def number_of(tree: Mapping[str, Any], key: str) -> float:
    """A finite number, as it is written; ValueError if it is something else."""
    value: float = finite(tree[key], key)
    return value


def finite(value: Any, key: str) -> Any:
    """A finite number itself; ValueError if it is something else."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not math.isfinite(float(value)):
        raise ValueError(f"{key} is {_brief(value)}, not a finite number")
    return value


def not_negative(value: Any, key: str) -> float:
    """A finite number of at least 0."""
    number = float(finite(value, key))
    if number < 0:
        raise ValueError(f"{key} is {number}, less than 0")
    return number


def spread_of(value: Any, key: str) -> float:
    """A scale: 0, or a number whose reciprocal is finite."""
    number = not_negative(value, key)
    if number and not math.isfinite(1.0 / number):
        raise ValueError(f"{key} is {number}, too small to divide by")
    return number


def positive_of(tree: Mapping[str, Any], key: str) -> float:
    """A finite number above 0, as it is written."""
    value = number_of(tree, key)
    if value <= 0:
        raise ValueError(f"{key} is {_brief(value)}, not above 0")
    return value


def objects(value: Any, key: str) -> list[dict[str, Any]]:
    """A list of objects; ValueError if it is something else."""
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise ValueError(f"{key} is no list of objects")
    return value


def text_of(tree: Mapping[str, Any], key: str, among: Collection[str] | None = None) -> str:
    """A text, one of `among`; ValueError if it is something else."""
    value = tree[key]
    if not isinstance(value, str) or (among is not None and value not in among):
        told = "" if among is None else f" among {', '.join(sorted(among))}"
        raise ValueError(f"{key} is {_brief(value)}, not a text{told}")
    return value


def architecture_of(tree: Mapping[str, Any]) -> Architecture:
    """The shape of the networks; ValueError if it is none."""
    shape = tree["architecture"]
    if not isinstance(shape, dict):
        raise ValueError("architecture is no object")
    architecture = Architecture(
        n_inputs=integer_of(shape, "n_inputs", 1, MOST_WEIGHTS),
        latent_dim=integer_of(shape, "latent_dim", 1, MOST_WEIGHTS),
        encoder_hidden=_widths(shape, "encoder_hidden"),
        decoder_hidden=_widths(shape, "decoder_hidden"),
        activation=text_of(shape, "activation", get_args(Activation)),  # type: ignore[arg-type]
        design=text_of(shape, "design", get_args(Design)),  # type: ignore[arg-type]
    )
    if architecture.latent_dim > architecture.n_inputs:
        raise ValueError(f"{architecture.latent_dim} codes for {architecture.n_inputs} values")
    return architecture


def _widths(shape: Mapping[str, Any], key: str) -> tuple[int, ...]:
    widths = shape[key]
    if not isinstance(widths, list) or len(widths) > _MOST_LAYERS:
        raise ValueError(f"{key} is no list of at most {_MOST_LAYERS} widths")
    numbered = {f"{key}[{place}]": width for place, width in enumerate(widths)}
    return tuple(integer_of(numbered, name, 0, MOST_WEIGHTS) for name in numbered)


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is no JSON")


def _brief(value: object) -> str:
    text = ascii(value) if not isinstance(value, int) or value.bit_length() < 99 else "a huge one"
    return text if len(text) <= 40 else f"{text[:40]}..."
