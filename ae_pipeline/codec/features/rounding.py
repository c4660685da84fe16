"""Rounding of latents: a step per dimension, and the type in which files have them.

Rounded latents are multiples of their steps, exact in float32, so any reader takes them as they
are. Few distinct values take few bytes.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias, get_args  # Any: JSON trees

import numpy as np
import pyarrow as pa
from jaxtyping import Float32, Shaped

from ae_pipeline.codec.content import finite, text_of
from ae_pipeline.config.network import LatentType

#: Keys of the latent column's metadata that say what its integers stand for.
SCALE_KEY, ZERO_POINT_KEY = "ae:scale", "ae:zero_point"
#: Integers of eight bits are symmetric around zero, as vector databases want them.
INT8_MAX = 127
#: Steps beyond have no multiples in float32.
LEAST_STEP, MOST_STEP = 2.0**-126, 2.0**100

Latents: TypeAlias = Float32[np.ndarray, "rows latent"]


@dataclass(frozen=True)
class LatentRounding:
    """Rounds the encoder's output, before anybody sees it, to numbers that a type holds.

    Args:
        kind: type of the numbers in files; `int8` has one step for all dimensions.
        steps: of each dimension, in units of the latent; empty if latents are exact.
    """

    kind: LatentType = "float32"
    steps: tuple[float, ...] = ()

    @property
    def is_exact(self) -> bool:
        """Whether latents are the encoder's output, bit for bit."""
        return self.kind == "float32" and not self.steps

    @property
    def arrow_type(self) -> pa.DataType:
        """Type of a number in files."""
        return {"float32": pa.float32(), "float16": pa.float16(), "int8": pa.int8()}[self.kind]

    @property
    def metadata(self) -> dict[str, str] | None:
        """Metadata of the latent column: scale and zero point of integers; None of floats."""
        if self.kind != "int8":
            return None
        return {SCALE_KEY: repr(self.steps[0]), ZERO_POINT_KEY: "0"}

    def apply(self, latents: Latents) -> Latents:
        """Return rounded latents, halves to even, within what the type holds; there is no -0.0."""
        if self.is_exact:
            return latents
        numbers = self._multiples(latents) * self._divisors if self.steps else latents
        if self.kind == "float16":
            most = float(np.finfo(np.float16).max)
            numbers = np.clip(numbers, -most, most).astype(np.float16)
        return numbers.astype(np.float32) + np.float32(0)

    def pack(self, latents: Latents) -> Shaped[np.ndarray, "rows latent"]:
        """Return latents that `apply` made as numbers of the type."""
        if self.kind == "int8":
            return self._multiples(latents).astype(np.int8)
        return latents.astype(self.arrow_type.to_pandas_dtype(), copy=False)

    def unpack(self, numbers: Shaped[np.ndarray, "rows latent"]) -> Latents:
        """Invert `pack`; integers of any width count steps, floats are latents.

        Raises:
            ValueError: they are integers, but there are no steps.
        """
        if not np.issubdtype(numbers.dtype, np.integer):
            return numbers.astype(np.float32, copy=False)
        if not self.steps:
            raise ValueError("latents are integers, and the codec has no step for them")
        return (numbers * self._divisors).astype(np.float32)

    @property
    def _divisors(self) -> np.ndarray:
        return np.array(self.steps, np.float64)

    def _multiples(self, latents: Latents) -> np.ndarray:
        """Return latents in steps, as float64, in which powers of two divide exactly."""
        multiples = np.rint(latents / self._divisors)
        if self.kind != "int8":
            return multiples
        return np.clip(np.nan_to_num(multiples), -INT8_MAX, INT8_MAX)


#: Latents that are the encoder's output.
EXACT = LatentRounding()


def rounding_to_json(rounding: LatentRounding) -> dict[str, Any]:
    """Write the codec's entry; nothing if latents are exact."""
    if rounding.is_exact:
        return {}
    return {"latents": {"type": rounding.kind, "steps": list(rounding.steps)}}


def rounding_from_json(tree: Mapping[str, Any], latent_dim: int) -> LatentRounding:
    """Read the codec's entry; ValueError if it is not one of such latents."""
    if "latents" not in tree:
        return EXACT
    entry = tree["latents"]
    if not isinstance(entry, dict) or not isinstance(entry["steps"], list):
        raise ValueError("latents is not an object with steps")
    kind = text_of(entry, "type", get_args(LatentType))
    steps = tuple(_step(value) for value in entry["steps"])
    if len(steps) not in ((latent_dim,) if kind == "int8" else (0, latent_dim)):
        raise ValueError(f"{len(steps)} steps of {latent_dim} latents")
    if kind == "int8" and len(set(steps)) > 1:
        raise ValueError("latents of type int8 have more than one step")
    return LatentRounding(kind, steps)  # type: ignore[arg-type]  # one of LatentType


def common_step(step: float, latent_dim: int) -> tuple[float, ...]:
    """Return one step for all dimensions."""
    return (step,) * latent_dim


def power_of_two(number: float) -> float:
    """Return the largest power of two that is at most a number above 0."""
    return math.ldexp(0.5, math.frexp(number)[1])


def _step(value: Any) -> float:
    step = float(finite(value, "steps"))
    if not LEAST_STEP <= step <= MOST_STEP:
        raise ValueError(f"a step of latents is {step}")
    return step
